// What an ordinary connector does, to compare with: list, fetch each blob, JSON.parse it, send one event for each record in the batches of the SDK.
// It keeps no ledger and no checkpoint, so it does less than the connector. Everything comes from the environment; it begins when told "go".
import { setTimeout as wait } from 'node:timers/promises';
import { EventHubProducerClient } from '@azure/event-hubs';
import { z } from 'zod';
import { tokenOf } from './baselineToken';

const settings = z
  .object({
    EVENTHUBS: z.string(),
    CLOUD_CUSTOM_LOGIN: z.string(),
    CLOUD_CUSTOM_MANAGEMENT: z.string(),
    PUBLISHER_TENANT_ID: z.string(),
    BASELINE_TENANT: z.string(),
    BASELINE_CLIENT: z.string(),
    BASELINE_SECRET: z.string(),
    BASELINE_HUB: z.string(),
    BASELINE_DAYS: z.coerce.number(),
    UNITS_IN_FLIGHT: z.coerce.number().default(8),
  })
  .parse(process.env);

const contentTypes = ['Audit.AzureActiveDirectory', 'Audit.Exchange', 'Audit.SharePoint', 'Audit.General', 'DLP.All'];
const dayMs = 24 * 3_600_000;

const listAnswer = z.array(z.object({ contentUri: z.string() }));
const blobAnswer = z.array(z.looseObject({}));

const feed = `${settings.CLOUD_CUSTOM_MANAGEMENT}/api/v1.0/${settings.BASELINE_TENANT}/activity/feed`;
let token = '';

async function logIn(): Promise<void> {
  token = await tokenOf(settings.CLOUD_CUSTOM_LOGIN, settings.CLOUD_CUSTOM_MANAGEMENT, settings);
}

async function get(url: string): Promise<Response> {
  for (;;) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status === 200) return answer;
    await answer.arrayBuffer();
    if (answer.status !== 429 && answer.status !== 401) throw new Error(`The API answered ${answer.status}.`);
    if (answer.status === 401) await logIn();
    else await wait(Number(answer.headers.get('retry-after') ?? 60) * 1_000);
  }
}

function withPublisher(url: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}PublisherIdentifier=${settings.PUBLISHER_TENANT_ID}`;
}

async function list(contentType: string, from: Date, to: Date): Promise<string[]> {
  const uris: string[] = [];
  const times = `startTime=${from.toISOString().slice(0, 19)}&endTime=${to.toISOString().slice(0, 19)}`;
  let next: string | null = `${feed}/subscriptions/content?contentType=${contentType}&${times}`;
  while (next !== null) {
    const answer: Response = await get(withPublisher(next));
    uris.push(...listAnswer.parse(await answer.json()).map(({ contentUri }) => contentUri));
    next = answer.headers.get('nextpageuri');
  }
  return uris;
}

async function collectFeed(contentType: string, producer: EventHubProducerClient): Promise<number> {
  const start = await fetch(withPublisher(`${feed}/subscriptions/start?contentType=${contentType}`), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  await start.arrayBuffer();
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  let records = 0;
  for (let day = settings.BASELINE_DAYS; day > 0; day -= 1) {
    const waiting = await list(contentType, new Date(now - day * dayMs), new Date(now - (day - 1) * dayMs));
    const worker = async (): Promise<void> => {
      for (let uri = waiting.shift(); uri !== undefined; uri = waiting.shift()) records += await collectBlob(uri, producer);
    };
    await Promise.all(Array.from({ length: settings.UNITS_IN_FLIGHT }, worker));
  }
  return records;
}

async function collectBlob(uri: string, producer: EventHubProducerClient): Promise<number> {
  const records = blobAnswer.parse(await (await get(withPublisher(uri))).json());
  let batch = await producer.createBatch({ partitionKey: settings.BASELINE_TENANT });
  for (const record of records) {
    // The SDK makes JSON of an object.
    const event = { body: record };
    if (batch.tryAdd(event)) continue;
    await producer.sendBatch(batch);
    batch = await producer.createBatch({ partitionKey: settings.BASELINE_TENANT });
    if (!batch.tryAdd(event)) throw new Error('A record does not fit into a batch.');
  }
  if (batch.count > 0) await producer.sendBatch(batch);
  return records.length;
}

async function collect(): Promise<void> {
  const producer = new EventHubProducerClient(settings.EVENTHUBS, settings.BASELINE_HUB);
  await logIn();
  const counts = await Promise.all(contentTypes.map((contentType) => collectFeed(contentType, producer)));
  console.log(JSON.stringify({ event: 'done', records: counts.reduce((sum, count) => sum + count, 0) }));
}

process.on('message', (word) => {
  if (word === 'go')
    collect().catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
});
process.once('disconnect', () => process.exit(0));
console.log(JSON.stringify({ event: 'ready' }));
