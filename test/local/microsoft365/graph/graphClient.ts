import type { Answered, TestBed } from '../client';
import type { SimulatedTenant } from '../tenant';
import { digest } from './feedStore';

/** A page as a client reads it. */
export interface Page {
  status: number;
  headers: Answered['headers'];
  value: Record<string, unknown>[];
  nextLink: string | undefined;
  deltaLink: string | undefined;
  count: number | undefined;
  error: { code: string; message: string; innerError?: Record<string, string>; target?: string } | undefined;
  text: string;
}

/** Asks Graph and Defender as a collector does; tokens are kept. */
export class GraphClient {
  readonly #bed: TestBed;
  readonly #tokens = new Map<string, string>();

  constructor(bed: TestBed) {
    this.#bed = bed;
  }

  /** One request: a path such as `/v1.0/users`, or a whole link. */
  async get(tenant: SimulatedTenant, target: string, headers: Record<string, string> = {}): Promise<Page> {
    const { urls } = this.#bed.microsoft;
    const api = target.startsWith('/api/') || target.startsWith(urls.defender) ? 'defender' : 'graph';
    const url = target.startsWith('/') ? `${urls[api]}${target}` : target;
    const answer = await this.#bed.client.send('GET', url, {
      Authorization: `Bearer ${await this.token(tenant, api)}`,
      ...headers,
    });
    return read(answer);
  }

  /** Every page from here on, the last one with its deltaLink. */
  async all(tenant: SimulatedTenant, target: string, headers: Record<string, string> = {}): Promise<Page[]> {
    const pages = [await this.get(tenant, target, headers)];
    for (let link = pages[0]?.nextLink; link !== undefined; link = pages.at(-1)?.nextLink) {
      pages.push(await this.get(tenant, link, headers));
    }
    return pages;
  }

  /** A token for an API; a new one when the tenant's roles may have changed. */
  async token(tenant: SimulatedTenant, api: 'graph' | 'defender', fresh = false): Promise<string> {
    const key = `${tenant.tenantId}|${api}`;
    const known = fresh ? undefined : this.#tokens.get(key);
    if (known !== undefined) return known;
    const answer = await this.#bed.client.askToken(tenant, { scope: `${this.#bed.microsoft.urls[api]}/.default` });
    const { access_token: token = '' } = answer.json() as { access_token?: string };
    this.#tokens.set(key, token);
    return token;
  }
}

function read({ status, headers, body }: Answered): Page {
  const text = body.toString();
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Some faults answer with something else.
  }
  return {
    status,
    headers,
    text,
    value: (json['value'] as Record<string, unknown>[] | undefined) ?? [],
    nextLink: json['@odata.nextLink'] as string | undefined,
    deltaLink: json['@odata.deltaLink'] as string | undefined,
    count: json['@odata.count'] as number | undefined,
    error: json['error'] as Page['error'],
  };
}

/** Digests of the objects of pages, from the very text that came: what the service writes, `JSON.stringify` writes alike. */
export function digests(pages: readonly Page[]): string[] {
  return pages.flatMap(({ value, text }) =>
    value.map((object) => {
      const json = JSON.stringify(object);
      if (!text.includes(json)) throw new Error('An object is written in another way.');
      return digest(Buffer.from(json));
    }),
  );
}
