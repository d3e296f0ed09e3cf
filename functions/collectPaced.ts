import { app } from '@azure/functions';
import { connector } from '../src/composition';

// A queue of its own has workers of its own: what waits for room in Microsoft's request limits does not hold up the content feeds.
app.storageQueue('collectPaced', {
  queueName: '%STORAGE_PREFIX%-collect-paced',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => connector().collect(message, context),
});
