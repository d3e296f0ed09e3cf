import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.storageQueue('noteNearExpiry', {
  queueName: '%STORAGE_PREFIX%-near-expiry',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => connector().nearExpiry(message, context),
});
