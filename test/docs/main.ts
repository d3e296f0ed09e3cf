// Writes the generated sections of the documents anew: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedSections, withSection } from './generatedSections';

for (const section of generatedSections) writeFileSync(section.file, withSection(readFileSync(section.file, 'utf8'), section));
