import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const text = readFileSync('docs/consumers.md', 'utf8');
const chapters = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((chapter) => [chapter.split('\n')[0] ?? '', chapter] as const),
);
const blocks = (language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);

describe('the configurations of consumers', () => {
  it.each(['Splunk', 'Elastic', 'Microsoft Sentinel', 'Azure Data Explorer', 'Cribl', 'Logstash', 'Kafka clients', 'Databricks'])(
    'has one for %s, which names a hub or the way to it',
    (product) => {
      const [, chapter = ''] = [...chapters].find(([title]) => title.includes(product)) ?? [];

      expect(chapter).toMatch(/^```\w*$/m);
      expect(chapter).toMatch(/m365-audit|HOST|M365/);
    },
  );

  it('uses a consumer group of its own for each, never $Default', () => {
    const [table = ''] = text.match(/^\| Product.*?\n\n/ms) ?? [];
    const groups = [...table.matchAll(/\| `(\w+)` \|/g)].map(([, group]) => group);

    expect(groups).toHaveLength(8);
    expect(new Set(groups).size).toBe(groups.length);
    for (const group of groups) expect(text.split(table)[1]).toContain(group);
    expect(text).not.toMatch(/(consumer_?group|group_?id)\W+\$Default/i);
  });

  it('is JSON and YAML where it says so', () => {
    for (const block of blocks('json')) expect(JSON.parse(block)).toBeInstanceOf(Object);
    for (const block of blocks('yaml')) expect(parse(block)).toBeInstanceOf(Object);
    expect([blocks('json').length, blocks('yaml').length]).toEqual([1, 2]);
  });
});
