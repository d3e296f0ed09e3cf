import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.http('health', {
  route: 'api/health',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: () => ({ jsonBody: connector().health() }),
});
