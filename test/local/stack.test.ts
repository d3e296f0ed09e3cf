import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { createLineWatch } from './functionHost/fixture/lineWatch';
import { startStack } from './stack';
import type { Stack } from './stack';

const entry = {
  tenantId: '11111111-1111-4111-8111-111111111111',
  sourceId: 'activity.exchange',
  ticket: 0,
  dueAt: '2026-11-22T12:00:00.000Z',
};

describe('startStack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stack-'));
  let watch = createLineWatch();
  const ends: string[] = [];
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      folder,
      seed: 7,
      tenants: [],
      onLine: (line) => watch.add(line),
      onConnectorEnd: (what) => ends.push(what),
    });
    await stack.startConnector();
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells commands how to reach it while it runs', () => {
    const told = JSON.parse(readFileSync(join(folder, 'environment.json'), 'utf8')) as { pid: number; environment: object };

    expect(told).toEqual({ pid: process.pid, environment: stack.environment });
  });

  it.each<[string, string, string]>([
    ['is not JSON', 'hello <&> ü', 'not JSON, nor base64 of JSON'],
    ['is base64 of something else', Buffer.from('hello').toString('base64'), 'not JSON, nor base64 of JSON'],
    ['has an unknown version', JSON.stringify({ v: 9, entries: [entry] }), 'knows version 1'],
    [
      'carries a URL',
      JSON.stringify({ v: 1, entries: [{ ...entry, url: 'https://evil.example' }] }),
      'fields that do not belong there',
    ],
    ['is 64 KB of nonsense', `"${'x'.repeat(65_000)}"`, 'not JSON'],
    ['is nested 1,000 deep', '['.repeat(1_000) + ']'.repeat(1_000), 'not a JSON object'],
  ])('sets a message aside that %s, with its cause, and does not hurt the host', async (_, text, cause) => {
    const account = stack.environment['AzureWebJobsStorage'] ?? '';
    const queues = QueueServiceClient.fromConnectionString(account);
    const collect = queues.getQueueClient('m365-collect');
    await collect.createIfNotExists();
    watch = createLineWatch();

    await collect.sendMessage(text);

    await watch.find('messageSetAside', cause);
    await watch.find('poisonMessage', cause);
    await watch.find("Executed 'Functions.handlePoison' (Succeeded");
    const rows: unknown[] = [];
    for await (const row of TableClient.fromConnectionString(account, 'm365poison', {
      allowInsecureConnection: true,
    }).listEntities())
      rows.push(row['cause']);
    expect(rows).toContainEqual(expect.stringContaining(cause));
    expect(watch.lines.filter((line) => line.includes('(Failed'))).toEqual([]);
    expect(watch.lines.join('')).not.toContain('evil.example');
    expect(ends).toEqual([]);
  });

  it('takes a message that another tool wrote as base64', async () => {
    const account = stack.environment['AzureWebJobsStorage'] ?? '';
    const collect = QueueServiceClient.fromConnectionString(account).getQueueClient('m365-collect');
    watch = createLineWatch();

    await collect.sendMessage(Buffer.from(JSON.stringify({ v: 1, entries: [entry] })).toString('base64'));

    await watch.find("Executed 'Functions.collect' (Succeeded");
    expect(watch.lines.filter((line) => line.includes('messageSetAside'))).toEqual([]);
  });

  it('stops the connector as Azure does, and leaves nothing that says it runs', async () => {
    await stack.stopConnector();
    await stack.stop();

    expect(ends).toEqual([]);
    expect(existsSync(join(folder, 'environment.json'))).toBe(false);
  });
});
