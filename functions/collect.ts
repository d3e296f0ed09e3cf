import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.storageQueue('collect', {
  queueName: '%STORAGE_PREFIX%-collect',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => connector().collect(message, context),
});
