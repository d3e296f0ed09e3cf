import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.timer('maintain', {
  schedule: '0 17 * * * *',
  handler: async (_timer, context) => connector().maintain(context),
});
