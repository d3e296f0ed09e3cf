import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.storageQueue('handlePoison', {
  queueName: '%STORAGE_PREFIX%-collect-poison',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => connector().poison(message, context),
});
