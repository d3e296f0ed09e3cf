// What an ordinary connector does with Graph, to compare with: read page by page, JSON.parse, send one event for each object in the batches of the SDK.
// It remembers nothing, so it does less than the connector. Everything comes from the environment; it begins when told "go".
import { EventHubProducerClient } from '@azure/event-hubs';
import { z } from 'zod';
import { tokenOf } from './baselineToken';
import { recordedUrl } from './graphQuery';

const settings = z
  .object({
    EVENTHUBS: z.string(),
    CLOUD_CUSTOM_LOGIN: z.string(),
    CLOUD_CUSTOM_GRAPH: z.string(),
    BASELINE_TENANT: z.string(),
    BASELINE_CLIENT: z.string(),
    BASELINE_SECRET: z.string(),
    BASELINE_HUB: z.string(),
  })
  .parse(process.env);

const pageAnswer = z.object({ value: z.array(z.looseObject({})), '@odata.nextLink': z.string().optional() });

async function collect(): Promise<void> {
  const producer = new EventHubProducerClient(settings.EVENTHUBS, settings.BASELINE_HUB);
  const token = await tokenOf(settings.CLOUD_CUSTOM_LOGIN, settings.CLOUD_CUSTOM_GRAPH, settings);
  let records = 0;
  for (let url: string | undefined = recordedUrl(settings.CLOUD_CUSTOM_GRAPH); url !== undefined;) {
    const answer: Response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(`Graph answered ${answer.status}.`);
    const page = pageAnswer.parse(await answer.json());
    let batch = await producer.createBatch({ partitionKey: settings.BASELINE_TENANT });
    for (const record of page.value) {
      const event = { body: record };
      if (batch.tryAdd(event)) continue;
      await producer.sendBatch(batch);
      batch = await producer.createBatch({ partitionKey: settings.BASELINE_TENANT });
      if (!batch.tryAdd(event)) throw new Error('A record does not fit into a batch.');
    }
    if (batch.count > 0) await producer.sendBatch(batch);
    records += page.value.length;
    url = page['@odata.nextLink'];
  }
  console.log(JSON.stringify({ event: 'done', records }));
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
