import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.storageQueue('onboard', {
  queueName: '%STORAGE_PREFIX%-onboard',
  connection: 'AzureWebJobsStorage',
  handler: async (message) => connector().onboard(message),
});
