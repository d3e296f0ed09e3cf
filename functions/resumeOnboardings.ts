import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.timer('resumeOnboardings', {
  schedule: '30 * * * * *',
  handler: async () => connector().resumeOnboardings(),
});
