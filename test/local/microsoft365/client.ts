import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { generate } from 'selfsigned';
import type { Clock } from './settings';
import { startMicrosoft365, type Microsoft365, type Microsoft365Options } from './microsoft365';
import type { ContentType, SimulatedTenant } from './tenant';

/** An answer as a client sees it. */
export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json: () => unknown;
}

/** A clock that moves only when told to. */
class VirtualClock implements Clock {
  #ms: number;

  constructor(start: string) {
    this.#ms = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#ms);
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}

/** A certificate for `localhost`, made for the test run. */
async function makeCertificate(): Promise<{ key: string; cert: string }> {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', algorithm: 'sha256' });
  return { key: pems.private, cert: pems.cert };
}

/** A client of the simulation that asks as the collector does, with a token and a PublisherIdentifier. */
class Client {
  readonly #agent: Agent;
  readonly microsoft: Microsoft365;

  constructor(microsoft: Microsoft365, cert: string) {
    this.microsoft = microsoft;
    this.#agent = new Agent({ ca: cert, keepAlive: true });
  }

  close(): void {
    this.#agent.destroy();
  }

  send(
    method: string,
    url: string,
    headers: Record<string, string> = {},
    body?: string,
    signal?: AbortSignal,
  ): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(url, { method, headers, agent: this.#agent, ...(signal ? { signal } : {}) }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(parts);
          const json = () => JSON.parse(bytes.toString()) as unknown;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes, json });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  askToken(tenant: SimulatedTenant, changes: Record<string, string> = {}): Promise<Answered> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: tenant.clientId,
      client_secret: tenant.secret,
      scope: `${this.microsoft.urls.management}/.default`,
      ...changes,
    });
    const url = `${this.microsoft.urls.login}/${tenant.tenantId}/oauth2/v2.0/token`;
    return this.send('POST', url, { 'Content-Type': 'application/x-www-form-urlencoded' }, form.toString());
  }

  async token(tenant: SimulatedTenant): Promise<string> {
    const answer = await this.askToken(tenant);
    return (answer.json() as { access_token: string }).access_token;
  }

  /** One request to the activity feed: `rest` is what follows `/activity/feed/`. */
  async feed(
    tenant: SimulatedTenant,
    method: 'GET' | 'POST',
    rest: string,
    query: Record<string, string> = {},
  ): Promise<Answered> {
    const parameters = new URLSearchParams({ PublisherIdentifier: publisherIdentifier, ...query });
    const url = `${this.microsoft.urls.management}/api/v1.0/${tenant.tenantId}/activity/feed/${rest}?${parameters.toString()}`;
    return this.send(method, url, { Authorization: `Bearer ${await this.token(tenant)}` });
  }

  list(tenant: SimulatedTenant, contentType: ContentType, startTime: string, endTime: string): Promise<Answered> {
    return this.feed(tenant, 'GET', 'subscriptions/content', { contentType, startTime, endTime });
  }

  /** Follows any absolute address of the service with a token of the tenant. */
  async follow(tenant: SimulatedTenant, uri: string, signal?: AbortSignal): Promise<Answered> {
    const url = new URL(uri);
    url.searchParams.set('PublisherIdentifier', publisherIdentifier);
    return this.send('GET', url.href, { Authorization: `Bearer ${await this.token(tenant)}` }, undefined, signal);
  }
}

/** The identifier the test client sends. */
export const publisherIdentifier = '11111111-2222-4333-8444-555555555555';

/** A healthy tenant with every content type subscribed. */
export const contoso: SimulatedTenant = {
  tenantId: 'c0a10c0a-0000-4000-8000-000000000001',
  name: 'Contoso',
  clientId: 'c0a10c0a-aaaa-4000-8000-000000000001',
  secret: 'fake-secret-contoso~1',
  mood: 'steady',
  subscribed: ['Audit.AzureActiveDirectory', 'Audit.Exchange', 'Audit.SharePoint', 'Audit.General', 'DLP.All'],
};

/** Another healthy tenant, without subscriptions. */
export const fabrikam: SimulatedTenant = {
  tenantId: 'fab00fab-0000-4000-8000-000000000002',
  name: 'Fabrikam',
  clientId: 'fab00fab-aaaa-4000-8000-000000000002',
  secret: 'fake-secret-fabrikam~2',
  mood: 'quiet',
};

/** A running simulation with its clock and client; `stop` ends all of it. */
export interface TestBed {
  clock: VirtualClock;
  microsoft: Microsoft365;
  client: Client;
  /** What signs the certificate of its servers (PEM). */
  ca: string;
  stop: () => Promise<void>;
}

let certificate: Promise<{ key: string; cert: string }> | undefined;

/** Starts a simulation at noon of 22 November 2026. */
export async function startTestBed(options: Partial<Microsoft365Options> = {}): Promise<TestBed> {
  const tls = await (certificate ??= makeCertificate());
  const clock = new VirtualClock('2026-11-22T12:00:00Z');
  const microsoft = await startMicrosoft365({ clock, seed: 7, tls, tenants: [contoso, fabrikam], ...options });
  const client = new Client(microsoft, tls.cert);
  return {
    clock,
    microsoft,
    client,
    ca: tls.cert,
    stop: async () => {
      client.close();
      await microsoft.stop();
    },
  };
}
