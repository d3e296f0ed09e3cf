import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.storageQueue('handlePacedPoison', {
  queueName: '%STORAGE_PREFIX%-collect-paced-poison',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => connector().poison(message, context),
});
