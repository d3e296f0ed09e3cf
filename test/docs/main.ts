// Writes the generated sections of the documents, and the generated files, anew: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedFiles, generatedSections, withSection } from './generatedSections';

for (const section of generatedSections) writeFileSync(section.file, withSection(readFileSync(section.file, 'utf8'), section));
for (const { file, text } of generatedFiles) writeFileSync(file, text());
