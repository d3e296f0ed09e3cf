import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.timer('scheduleCollection', {
  schedule: '%COLLECT_SCHEDULE%',
  handler: async (_timer, context) => connector().schedule(context),
});
