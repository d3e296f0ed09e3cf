// Loaded before the program that is measured (node --require): answers, when asked over the channel to the parent, what its process has used so far.
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { peakMemoryBytes } from '../support/peakMemory';

/** What a process has used since it started; `requests` only where they are counted. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** Requests sent, by port, method and path without keys and queries. */
  readonly requests: Readonly<Record<string, number>>;
}

const requests = new Map<string, number>();

function countRequest(message: unknown): void {
  const { request } = message as { request: ClientRequest };
  const port = String(request.getHeader('host')).split(':')[1] ?? '';
  const key = `${port} ${request.method} ${request.path.split('?')[0]?.replace(/\(.*/, '') ?? ''}`;
  requests.set(key, (requests.get(key) ?? 0) + 1);
}

if (process.env['BENCH_COUNT_REQUESTS'] === '1') subscribe('http.client.request.start', countRequest);

process.on('message', (message) => {
  if (message !== 'measure') return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = {
    cpuSeconds: (user + system) / 1e6,
    peakRssBytes: peakMemoryBytes(),
    requests: Object.fromEntries(requests),
  };
  process.send?.({ usage });
});
