// Prints the notes of a release: what changed, the buttons that deploy exactly this release in each cloud, and the checksums.
// `node .ci/release-notes.mjs owner/repository tag`
import { existsSync, readFileSync } from 'node:fs';

const [repository, tag] = process.argv.slice(2);
if (!/^[\w.-]+\/[\w.-]+$/.test(repository ?? '') || !/^v\d+\.\d+\.\d+$/.test(tag ?? '')) {
  process.stderr.write('Give repository and tag. Example: node .ci/release-notes.mjs contoso/connector v1.2.3\n');
  process.exit(2);
}
const portals = { Azure: 'portal.azure.com', 'Azure Government': 'portal.azure.us', 'Azure in China': 'portal.azure.cn' };
const raw = (file) => encodeURIComponent(`https://raw.githubusercontent.com/${repository}/${tag}/infra/${file}`);
const link = (portal) =>
  `https://${portal}/#create/Microsoft.Template/uri/${raw('main.json')}/createUIDefinitionUri/${raw('createUiDefinition.json')}`;
const buttons = Object.entries(portals).map(([cloud, portal]) => `- [Deploy to ${cloud}](${link(portal)})`);

/** What the changelog says of this version; the whole of what is not released yet otherwise. */
function changes() {
  const chapters = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m).slice(1);
  const own = chapters.find((chapter) => chapter.includes(tag.slice(1))) ?? chapters[0] ?? '';
  return own.split('\n').slice(1).join('\n').trim();
}

const sums = 'dist/package/SHA256SUMS';
process.stdout.write(
  [
    changes(),
    `## Deploy\n\n${buttons.join('\n')}\n\nThen publish \`released-package.zip\` of this release, or give its address as \`packageUri\`: [how](https://github.com/${repository}/blob/${tag}/docs/deploy.md).`,
    ...(existsSync(sums) ? [`## Checksums (SHA-256)\n\n\`\`\`\n${readFileSync(sums, 'utf8').trim()}\n\`\`\``] : []),
  ].join('\n\n') + '\n',
);
