import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.http('health', {
  route: 'health',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async () => ({ jsonBody: await connector().health() }),
});
