import type { Run, Source, Unit } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import { trySignIn } from '../../src/microsoft/applicationSignIn';
import { createClouds } from '../../src/microsoft/clouds';
import { createHttp } from '../../src/microsoft/http';
import type { Http } from '../../src/microsoft/http';
import { createCredentials } from '../../src/microsoft/login';
import { createTenantSend } from '../../src/microsoft/tenantSend';
import { sources } from '../../src/sources';
import { contoso, fakeSecrets, fakeTelemetry, noAbort, provider, token, withoutRings } from '../microsoft/fakes';
import { catchAll } from '../support/catchAll';
import type { CatchAll } from '../support/catchAll';

// Every field of Microsoft's answers that leads somewhere is given every hostile form. The whole internet is one server here, whose certificate is right
// for every name, so that a token that leaves is seen to arrive.

const other = '99999999-9999-4999-8999-999999999999';
const hosts = { management: 'manage.office.com', graph: 'graph.microsoft.com', login: 'login.microsoftonline.com' } as const;

/** Hostile forms of an address whose right form would be https, this host, this path. */
function hostile(host: string, path: string): readonly string[] {
  const [first = '', ...rest] = host.split('.');
  const domain = rest.join('.');
  return [
    ...['http', 'HTTP', 'ftp', 'ws', 'wss', 'file', 'gopher', 'javascript', 'data', 'blob:https'].map(
      (scheme) => `${scheme}://${host}${path}`,
    ),
    ...[
      `//${host}${path}`,
      `//evil.example${path}`,
      `https:/evil.example${path}`,
      `https:///evil.example${path}`,
      `https:evil.example${path}`,
    ],
    ...[`https://evil.example${path}`, `https://evil.example:443${path}`, `HTTPS://EVIL.EXAMPLE${path}`],
    ...[`https://${host}.evil.example${path}`, `https://evil${host}${path}`, `https://evil.example/${host}${path}`],
    ...[`https://a.${host}${path}`, `https://${domain}${path}`, `https://${host}.${path}`, `https://${host}..${path}`],
    ...[`https://${host}:8443${path}`, `https://${host}:80${path}`, `https://${host}:0${path}`, `https://${host}:65536${path}`],
    ...[`https://user:pass@${host}${path}`, `https://@${host}${path}`, `https://${host}@evil.example${path}`],
    ...[
      `https://${host}:443@evil.example${path}`,
      `https://${host}%40evil.example${path}`,
      `https://evil.example%2f@${host}${path}`,
    ],
    ...[`https://${host}\\@evil.example${path}`, `https://evil.example\\@${host}${path}`, `https:\\\\evil.example${path}`],
    ...[`https://evil.example\\.${host}${path}`, `https://evil.example#@${host}${path}`, `https://evil.example?@${host}${path}`],
    ...[`https://evil.example;@${host}${path}`, `https://evil.example,${host}${path}`, `https://${host},evil.example${path}`],
    ...[`https://${host} .evil.example${path}`, `https://${host}\t.evil.example${path}`, `https://${host}\n.evil.example${path}`],
    ...[` https://evil.example${path}`, `\u0000https://evil.example${path}`, `https://evil.example\u0000.${host}${path}`],
    ...[
      `https://${host}%00.evil.example${path}`,
      `https://${host}%2eevil.example${path}`,
      `https://${host}%0d%0aHost:%20evil.example${path}`,
    ],
    ...[`https://xn--mnage-3we.office.com${path}`, `https://xn--${first}-9uf.${domain}${path}`],
    ...[
      `https://${first.replace('a', 'а')}.${domain}${path}`,
      `https://${host.replaceAll('.', '。')}${path}`,
      `https://${host.replace('o', 'ο')}${path}`,
    ],
    ...[`https://ⓔⓥⓘⓛ.example${path}`, `https://${host}\u200b.evil.example${path}`, `https://${host}\u202e${path}.evil.example/`],
    ...[`https://203.0.113.7${path}`, `https://127.0.0.1${path}`, `https://[::1]${path}`, `https://[::ffff:203.0.113.7]${path}`],
    ...[
      `https://2130706433${path}`,
      `https://0x7f.1${path}`,
      `https://017700000001${path}`,
      `https://169.254.169.254${path}`,
      `https://localhost${path}`,
    ],
    ...[`https://manage.office365.us${path}`, `https://graph.microsoft.us${path}`, `https://login.microsoftonline.us${path}`],
    ...[
      `https://${host}/../../evil.example${path}`,
      `https://${host}/%2e%2e/evil${path}`,
      `https://${host}//evil.example${path}/../x`,
    ],
    `https://${host}${path}#@evil.example`,
    `https://${host}${path}?x=${'a'.repeat(9_000)}`,
    `https://${host}${path.replaceAll(contoso.id, other)}x#`,
    ...['', 'null', 'undefined', '/', '?', '#', '\\\\evil.example\\share', 'evil.example', `evil.example${path}`],
  ];
}

const managementPath = `/api/v1.0/${contoso.id}/activity/feed/audit/2026112210$1$audit_exchange$Audit_Exchange`;
const graphPath = '/v1.0/groups/delta?$skiptoken=abc';
const forms = {
  management: hostile(hosts.management, managementPath),
  graph: hostile(hosts.graph, graphPath),
} as const;

const named = [...forms.management, ...forms.graph].flatMap((form) => {
  const text = form.startsWith('//') ? `https:${form}` : form;
  const { hostname } = URL.canParse(text) ? new URL(text) : { hostname: '' };
  return hostname === '' || hostname.length > 60 || !/^[\w.[\]:-]+$/.test(hostname)
    ? []
    : [hostname, hostname.replace(/\.+$/, '')];
});

let net: CatchAll;
let http: Http;
beforeAll(async () => {
  net = await catchAll([...Object.values(hosts), 'evil.example', ...named]);
  http = createHttp({ ca: net.ca });
});
afterAll(async () => {
  http.close();
  await net.stop();
});

const tokenOf = (resource: string) => token({ tid: contoso.id, aud: resource, appid: contoso.clientId, roles: [] }, 'leak');
const loginAnswer = { body: { token_type: 'Bearer', expires_in: 3_599, access_token: '' } };

/** What everybody answers: login gives tokens, other hosts what the test says. */
function answering(answer: CatchAll['answer']): void {
  net.arrived.length = 0;
  net.answer = (host, path) => {
    if (host !== hosts.login || !path.endsWith('/oauth2/v2.0/token')) return answer(host, path);
    return { body: { ...loginAnswer.body, access_token: tokenOf('any') } };
  };
}

const tenant: Tenant = contoso;
const clock = { now: () => new Date('2026-11-22T10:00:00Z'), sleep: async () => Promise.resolve() };

/** A run of the real senders, with nothing from before. */
function freshRun(): Run {
  const clouds = createClouds();
  const secrets = fakeSecrets({ [tenant.secretName]: 'fake-secret~1' });
  const credentials = createCredentials({ ...withoutRings, http, clouds, clock, secrets });
  const sender = createTenantSend({ http, credentials, clouds, clock, telemetry: fakeTelemetry() });
  const cloud = clouds('commercial');
  if (cloud === undefined) throw new Error('no cloud');
  const signal = noAbort();
  return {
    ...{ tenant: { id: tenant.id, cloud }, publisherId: provider, now: clock.now, signal },
    send: async (request) => sender.send(tenant, request, signal),
  };
}

const sourceOf = (id: string): Source => {
  const found = sources.find((one) => one.id === id);
  if (found === undefined) throw new Error(`There is no source ${id}.`);
  return found;
};
const exchange = sourceOf('activity.exchange');
const groups = sourceOf('graph.groups');
const windows = [{ from: new Date('2026-11-22T08:00:00Z'), to: new Date('2026-11-22T09:00:00Z') }];
const unitOf = (ref: string): Unit => ({
  id: 'unit',
  at: new Date('2026-11-22T09:00:00Z'),
  expires: new Date('2026-11-29T09:00:00Z'),
  ref,
});

/** Reads everything; that it fails is no news here. */
async function drained(all: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  try {
    for await (const one of all) found.push(one);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConnectorError' });
  }
  return found;
}

async function listed(run: Run): Promise<readonly Unit[]> {
  const listings = await drained(exchange.list(run, windows, { readyAt: clock.now().toISOString() }));
  return (listings as readonly { readonly units?: readonly Unit[] }[]).flatMap(({ units = [] }) => units);
}

/** Every field that leads somewhere, and how it is followed. */
const fields: Readonly<Record<string, { readonly api: keyof typeof forms; readonly follow: (form: string) => Promise<void> }>> = {
  contentUri: {
    api: 'management',
    follow: async (form) => {
      const item = { contentType: 'Audit.Exchange', contentId: 'one', contentUri: form };
      const times = { contentCreated: '2026-11-22T08:30:00.000Z', contentExpiration: '2026-11-29T08:30:00.000Z' };
      answering((_, path) => ({ body: path.includes('/subscriptions/content') ? [{ ...item, ...times }] : [] }));
      const run = freshRun();
      // As if nobody had refused it.
      for (const unit of await listed(run)) await drained(exchange.read(run, { ...unit, ref: form }, { attempts: 0 }));
    },
  },
  NextPageUri: {
    api: 'management',
    follow: async (form) => {
      const headers = /[^\x20-\x7e]/.test(form) ? {} : { NextPageUri: form };
      answering(() => ({ body: [], headers }));
      await listed(freshRun());
    },
  },
  'the address of a unit in the ledger': {
    api: 'management',
    follow: async (form) => {
      answering(() => ({ body: [] }));
      await drained(exchange.read(freshRun(), unitOf(form), { attempts: 0 }));
    },
  },
  '@odata.nextLink': {
    api: 'graph',
    follow: async (form) => {
      answering(() => ({ body: { value: [], '@odata.nextLink': form } }));
      await drained(groups.read(freshRun(), unitOf(''), { attempts: 0 }));
    },
  },
  '@odata.deltaLink': {
    api: 'graph',
    follow: async (form) => {
      answering(() => ({ body: { value: [], '@odata.deltaLink': form } }));
      const run = freshRun();
      const pages = (await drained(groups.read(run, unitOf(''), { attempts: 0 }))) as readonly { readonly next?: string }[];
      for (const { next } of pages) if (next !== undefined) await drained(groups.read(run, unitOf(next), { attempts: 0 }));
      await drained(groups.read(run, unitOf(form), { attempts: 0 }));
    },
  },
  'the place to go on from': {
    api: 'graph',
    follow: async (form) => {
      answering(() => ({ body: { value: [] } }));
      await drained(groups.read(freshRun(), unitOf(''), { attempts: 0, resumeAt: form }));
    },
  },
  'Location of a forgotten chain': {
    api: 'graph',
    follow: async (form) => {
      const headers = /[^\x20-\x7e]/.test(form) ? {} : { Location: form };
      const body = { error: { code: 'syncStateNotFound', message: 'x' } };
      answering((_, path) => (path.includes('stale') ? { status: 410, headers, body } : { body: { value: [] } }));
      const ref = `https://${hosts.graph}/v1.0/groups/delta?$deltatoken=stale`;
      await drained(groups.read(freshRun(), unitOf(ref), { attempts: 0 }));
    },
  },
  'Location of a redirect': {
    api: 'graph',
    follow: async (form) => {
      const headers = /[^\x20-\x7e]/.test(form) ? {} : { Location: form };
      for (const status of [301, 302, 303, 307, 308]) {
        answering((host) => (host === hosts.graph || host === hosts.management ? { status, headers } : {}));
        const run = freshRun();
        await drained(groups.read(run, unitOf(''), { attempts: 0 }));
        await listed(run);
        expectKept(form);
      }
    },
  },
};

/** Every token that arrived, arrived at the host it is for, over TLS, and in the tenant's own path. */
function expectKept(form: string): void {
  for (const { secure, connectedTo, host, path, authorization } of net.arrived) {
    if (authorization === undefined) continue;
    const kept = { form, secure: true, host: expect.stringMatching(/^(manage\.office\.com|graph\.microsoft\.com)$/) as string };
    expect({ form, secure, host }).toEqual(kept);
    expect(connectedTo).toBe(`${host}:443`);
    if (host === hosts.management) expect(path.split('?')[0]).toMatch(new RegExp(`^/api/v1(\\.0)?/${contoso.id}/activity/feed/`));
    expect(path.split('?')[0]).not.toContain('..');
  }
}

describe('a link that leads elsewhere', () => {
  it('would be seen to arrive, with its token', async () => {
    answering(() => ({}));
    const headers = { authorization: 'Bearer fake' };
    for (const url of [
      'https://evil.example/a',
      `https://${hosts.graph}.evil.example/b`,
      'https://203.0.113.7/c',
      'https://evil.example:8443/d',
    ])
      (await http.send({ method: 'GET', url, headers }, noAbort())).discard();

    expect(net.arrived.map(({ connectedTo, path, authorization }) => `${connectedTo}${path} ${authorization ?? ''}`)).toEqual([
      'evil.example:443/a Bearer fake',
      'graph.microsoft.com.evil.example:443/b Bearer fake',
      '203.0.113.7:443/c Bearer fake',
      'evil.example:8443/d Bearer fake',
    ]);
  });

  it.each(Object.keys(fields))('gets no token, whatever stands in %s', async (name) => {
    const field = fields[name];
    if (field === undefined) throw new Error(name);
    const given = forms[field.api];
    let tokens = 0;
    for (const form of given) {
      await field.follow(form);
      tokens += net.arrived.filter(({ authorization }) => authorization !== undefined).length;
      expectKept(form);
    }

    expect(new Set(given).size).toBeGreaterThanOrEqual(60);
    // Where the right host is asked first, it was.
    if (!name.startsWith('the ')) expect(tokens).toBeGreaterThanOrEqual(given.length);
  });

  it('gets no secret when the login service redirects to it', async () => {
    for (const form of hostile(hosts.login, `/${contoso.id}/oauth2/v2.0/token`)) {
      if (/[^\x20-\x7e]/.test(form)) continue;
      for (const status of [301, 302, 307, 308]) {
        net.arrived.length = 0;
        net.answer = () => ({ status, headers: { Location: form } });
        const of = { cloud: 'commercial', tenantId: contoso.id, clientId: contoso.clientId, api: 'graph' } as const;
        const ports = { ...withoutRings, http, clouds: createClouds(), clock };
        const tried = trySignIn(ports, of, { kind: 'clientSecret', value: 'fake-secret~1' }, noAbort());
        await expect(tried).rejects.toMatchObject({ name: 'ConnectorError' });
        expect(net.arrived.map(({ connectedTo }) => connectedTo)).toEqual([`${hosts.login}:443`]);
      }
    }
  });
});
