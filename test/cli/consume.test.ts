import { EventHubProducerClient } from '@azure/event-hubs';
import { unrefTokenRenewals } from '../local/eventHubs/hubClients';
import { startCommandStack } from './commandStack';
import type { CommandStack } from './commandStack';

unrefTokenRenewals();

const records = [
  '{"time":"2026-11-22T10:00:00Z","category":"Office365.Audit.Exchange","operationName":"Send","tenantId":"t","id":"1","properties": {"Note" : "ü 日本 \\u00e9"}}',
  '{"time":"2026-11-22T10:00:01Z","id":"2","properties":{"big":12345678901234567890,"big":1.0}}',
  '{"id":"3"}',
];

let stack: CommandStack;
let producer: EventHubProducerClient;
let betweenBatches = '';
beforeAll(async () => {
  stack = await startCommandStack([]);
  producer = new EventHubProducerClient(stack.stack.environment['EVENTHUBS'] ?? '', 'm365-entities');
  await producer.sendBatch([{ body: Buffer.from(`{"records":[${records[0] ?? ''},${records[1] ?? ''}]}`) }]);
  // A record begins at the millisecond it is kept at.
  await new Promise((resolve) => setTimeout(resolve, 20));
  betweenBatches = new Date().toISOString();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await producer.sendBatch([{ body: Buffer.from(records[2] ?? '') }]);
});
afterAll(async () => {
  await producer.close();
  await stack.stop();
});

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('consume', () => {
  it('prints records byte for byte, one a line, whatever the shape of the event, and ends after --count', async () => {
    const ran = await stack.consume(['--hub', 'm365-entities', '--json', '--count', '3']);

    expect(ran.code).toBe(0);
    expect(ran.stderr).toBe('');
    expect(lines(ran.stdout).sort()).toEqual([...records].sort());
  });

  it('stops in the middle of an event when there were enough', async () => {
    const ran = await stack.consume(['--hub', 'm365-entities', '--json', '--count', '1']);

    expect([ran.code, lines(ran.stdout).length]).toEqual([0, 1]);
  });

  it('prints a line for reading without --json', async () => {
    const { stdout } = await stack.consume(['--hub', 'm365-entities', '--count', '3']);

    expect(stdout).toContain('2026-11-22T10:00:00Z  Office365.Audit.Exchange  Send  tenant t  id 1\n');
  });

  it('begins at a time', async () => {
    const { stdout } = await stack.consume(['--hub', 'm365-entities', '--json', '--from', betweenBatches, '--count', '1']);

    expect(lines(stdout)).toEqual([records[2]]);
  });

  it('ends cleanly after --for, with nothing to print', async () => {
    const ran = await stack.consume(['--hub', 'm365-posture', '--from', 'latest', '--for', '1']);

    expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, '', '']);
  });

  it.each<[string, readonly string[], string]>([
    ['no hub', [], 'Which hub?'],
    ['an unknown hub', ['--hub', 'nonsense'], 'There is no hub "nonsense" in this namespace'],
    ['a count of nothing', ['--hub', 'm365-audit', '--count', '0'], '--count is not a whole number'],
    ['a count that is none', ['--hub', 'm365-audit', '--count', '1e3'], '--count is not a whole number'],
    ['a time that is none', ['--hub', 'm365-audit', '--from', 'yesterday'], '--from is neither'],
    ['a duration that is none', ['--hub', 'm365-audit', '--for', 'ever'], '--for is not a whole number'],
    ['an unknown option', ['--hub', 'm365-audit', '--nonsense'], '--nonsense'],
    ['a word too many', ['--hub', 'm365-audit', 'm365-alerts'], 'm365-alerts'],
  ])('refuses %s, with exit code 2', async (_, words, error) => {
    const [json, text] = await Promise.all([stack.consume([...words, '--json']), stack.consume(words)]);

    expect([json.code, text.code]).toEqual([2, 2]);
    expect(json.json()).toMatchObject({ ok: false, error: expect.stringContaining(error) as string });
    expect(text.stdout).toBe('');
    expect(text.stderr).toContain(error);
  });

  it('says that no namespace is known', async () => {
    const ran = await stack.consume(['--hub', 'm365-audit', '--json'], { environment: {} });

    expect(ran.code).toBe(1);
    expect(ran.json()['error']).toContain('No Event Hubs namespace is known');
  });

  it('explains itself', async () => {
    const ran = await stack.consume(['--help']);

    expect([ran.code, ran.stdout.includes('--from WHERE')]).toEqual([0, true]);
  });
});
