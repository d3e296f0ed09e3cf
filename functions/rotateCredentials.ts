import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.timer('rotateCredentials', {
  schedule: '30 * * * * *',
  handler: async (_timer, context) => connector().rotate(context),
});
