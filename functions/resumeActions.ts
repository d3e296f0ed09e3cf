import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.timer('resumeActions', {
  schedule: '45 * * * * *',
  handler: async () => connector().resumeActions(),
});
