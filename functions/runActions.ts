import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.storageQueue('runActions', {
  queueName: '%STORAGE_PREFIX%-actions',
  connection: 'AzureWebJobsStorage',
  handler: async (message) => connector().runAction(message),
});
