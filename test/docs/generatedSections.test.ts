import { readFileSync } from 'node:fs';
import { generatedFiles, generatedSections, withSection } from './generatedSections';

describe('generated documentation', () => {
  it.each(generatedSections.map((section) => [section.file, section.name, section] as const))(
    '%s, section "%s", says what the code says (npm run docs writes it)',
    (file, _name, section) => {
      const document = readFileSync(file, 'utf8');

      expect(withSection(document, section)).toBe(document);
    },
  );

  it.each(generatedFiles.map(({ file, text }) => [file, text] as const))(
    '%s is what the code says (npm run docs writes it)',
    (file, text) => {
      expect(readFileSync(file, 'utf8')).toBe(text());
    },
  );

  it('refuses a document that lacks the section', () => {
    const section = { file: 'README.md', name: 'no such section', text: () => '' };

    expect(() => withSection(readFileSync('README.md', 'utf8'), section)).toThrow('not marked');
  });
});
