import { readHostJson } from './hostJson';
import { createHostLog, type LogLine } from './hostLog';

describe('readHostJson', () => {
  it('has the defaults of Azure', () => {
    const { host, ignored } = readHostJson({ version: '2.0' });

    expect(host).toMatchObject({ functionTimeout: 1_800_000, extensions: { http: { routePrefix: 'api' } } });
    expect(host.extensions.queues).toMatchObject({
      batchSize: 16,
      newBatchThreshold: 8,
      maxDequeueCount: 5,
      messageEncoding: 'base64',
    });
    expect(host.extensions.queues).toMatchObject({ maxPollingInterval: 60_000, visibilityTimeout: 0 });
    expect(ignored).toEqual([]);
  });

  it('reads time spans and names what it ignores', () => {
    const { host, ignored } = readHostJson({
      ...{ version: '2.0', functionTimeout: '1.02:03:04', concurrency: {}, logging: { applicationInsights: {} } },
      extensions: { queues: { maxPollingInterval: '00:00:00.100', extra: 1 }, eventHubs: {} },
    });

    expect(host.functionTimeout).toBe(((26 * 60 + 3) * 60 + 4) * 1000);
    expect(host.extensions.queues.maxPollingInterval).toBe(100);
    expect(ignored).toEqual(['concurrency', 'extensions.eventHubs', 'extensions.queues.extra']);
  });

  it.each([{}, { version: '2.0', functionTimeout: '5 minutes' }, { version: '2.0', extensions: { queues: { batchSize: 33 } } }])(
    'refuses %j',
    (given) => {
      expect(() => readHostJson(given)).toThrow('host.json is not valid');
    },
  );
});

describe('createHostLog', () => {
  it('lets the longest matching category decide', () => {
    const lines: LogLine[] = [];
    const log = createHostLog(
      { default: 'Warning', Function: 'Error', 'Function.loud': 'Trace', 'Function.mute': 'None' },
      (line) => lines.push(line),
    );

    log('information', 'host, dropped');
    log('warning', 'host');
    log('warning', 'dropped', { function: 'other', invocationId: '1' });
    log('trace', 'loud', { function: 'loud', user: true });
    log('critical', 'dropped', { function: 'mute' });

    expect(lines).toMatchObject([
      { level: 'warning', message: 'host', category: 'Host.General' },
      { level: 'trace', message: 'loud', category: 'Function.loud.User', function: 'loud' },
    ]);
  });
});
