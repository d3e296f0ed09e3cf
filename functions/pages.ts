import { app } from '@azure/functions';
import { connector } from '../src/composition';

app.http('pages', {
  // Everything that no other function answers; the pages have their own list of routes and deny the rest.
  route: '{*path}',
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
  authLevel: 'anonymous',
  handler: async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = async () => new Uint8Array(await request.arrayBuffer());
    const headers = new Map([...request.headers].map(([name, value]) => [name.toLowerCase(), value]));
    const answer = await connector().web({ method: request.method, target: pathname + search, headers, body });
    return { status: answer.status, headers: { ...answer.headers }, body: answer.body };
  },
});
