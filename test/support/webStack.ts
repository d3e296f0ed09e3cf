import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invite } from '../../src/app/invitations';
import { compose } from '../../src/composition';
import type { ComposeOptions, Connector } from '../../src/composition';
import type { Clock } from '../../src/domain/ports';
import type { Onboarding } from '../../src/domain/onboarding';
import type { WebResponse } from '../../src/web/request';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startStack } from '../local/stack';
import type { Stack } from '../local/stack';

/** A clock that follows the machine's, and jumps ahead where somebody would only wait. */
class JumpingClock implements Clock {
  #aheadMs = 0;

  readonly now = (): Date => new Date(Date.now() + this.#aheadMs);

  readonly sleep = async (ms: number): Promise<void> => {
    this.jump(ms);
    return Promise.resolve();
  };

  jump(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** An organisation that is not collected yet. */
export function prospect(digit: number, changes: Partial<SimulatedTenant> = {}): SimulatedTenant {
  return {
    tenantId: `${String(digit).repeat(8)}-2222-4222-8222-222222222222`,
    name: `Customer ${digit}`,
    clientId: `${String(digit).repeat(8)}-3333-4333-8333-333333333333`,
    secret: `fake-own-secret-${digit}~abc`,
    mood: 'steady',
    activity: 'none',
    prospect: true,
    ...changes,
  };
}

/** The managed identity as the SDK has it in Azure, where the environment is the process's own. */
function appServiceIdentity(environment: Readonly<Record<string, string>>): NonNullable<ComposeOptions['identity']> {
  return {
    getToken: async (scopes) => {
      const url = new URL(environment['IDENTITY_ENDPOINT'] ?? '');
      url.searchParams.set('client_id', environment['MANAGED_IDENTITY_CLIENT_ID'] ?? '');
      url.searchParams.set('resource', String(scopes));
      const answer = await fetch(url, { headers: { 'x-identity-header': environment['IDENTITY_HEADER'] ?? '' } });
      const { access_token: token, expires_on: expires } = (await answer.json()) as { access_token: string; expires_on: string };
      return { token, expiresOnTimestamp: Number(expires) * 1_000 };
    },
  };
}

/** The connector's pages in this process, over the real stores and the simulated Microsoft. */
export interface WebStack {
  readonly stack: Stack;
  readonly microsoft: Microsoft365;
  readonly connector: Connector;
  readonly clock: JumpingClock;
  /** The connector once more, by the machine's clock: a run waits for many things at once, and must not find that the time has jumped. */
  readonly startWorker: () => Connector;
  /** The lines of the connector's log since the last time. */
  readonly logged: () => readonly string[];
  readonly visitor: () => Visitor;
  /** A fresh invitation's path. */
  readonly invitation: (customer?: string, tenantId?: string) => Promise<string>;
  readonly onboardings: () => Promise<Onboarding[]>;
  /** Works on what the queue would bring, until nothing moves. */
  readonly advance: (id: string) => Promise<Onboarding | undefined>;
  readonly stop: () => Promise<void>;
}

/** Starts the stack, without a process for the connector. */
export async function startWebStack(
  tenants: readonly SimulatedTenant[],
  settings: Readonly<Record<string, string>> = {},
): Promise<WebStack> {
  const folder = mkdtempSync(join(tmpdir(), 'web-'));
  const stack = await startStack({ folder, seed: 7, tenants, settings });
  const { microsoft365: microsoft } = stack;
  if (microsoft === undefined) throw new Error('There is no simulated Microsoft 365.');
  const clock = new JumpingClock();
  const lines: string[] = [];
  const identity = appServiceIdentity(stack.environment);
  const log: NonNullable<ComposeOptions['log']> = (_severity, line) => lines.push(line);
  const connector = compose(stack.environment, { clock, identity, log });
  const { onboarding } = connector.onboardPorts;
  const { signal } = new AbortController();
  return {
    stack,
    microsoft,
    connector,
    clock,
    startWorker: () => compose(stack.environment, { identity, log }),
    logged: () => lines.splice(0),
    visitor: () => new Visitor(connector, stack.publicUrl),
    invitation: async (customer = 'Customer', tenantId) => {
      const wanted = { customer, createdBy: 'test', ...(tenantId === undefined ? {} : { tenantId }) };
      return `/onboard/${(await invite(connector.onboardPorts, wanted, signal)).token}`;
    },
    onboardings: async () => Array.fromAsync(onboarding.onboardings.all(signal)),
    advance: async (id) => {
      await connector.onboard({ onboardingId: id });
      return (await onboarding.onboardings.find(id, signal))?.row;
    },
    stop: async () => {
      await connector.stop();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An answer, with where it was found. */
export interface Seen extends WebResponse {
  readonly url: string;
}

let visitors = 0;

/** A browser without a screen, at an address of its own: it keeps cookies, fills in forms, and goes where it is sent. */
export class Visitor {
  readonly #connector: Connector;
  readonly #publicUrl: string;
  readonly #cookies = new Map<string, string>();
  readonly #elsewhere = new Map<string, string>();
  readonly #address = `192.0.2.${(visitors += 1)}`;

  constructor(connector: Connector, publicUrl: string) {
    this.#connector = connector;
    this.#publicUrl = publicUrl;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  forgetCookies(): void {
    this.#cookies.clear();
  }

  /** One request to the connector's pages, without following where they lead. */
  async send(
    method: string,
    target: string,
    {
      form,
      headers = {},
    }: { readonly form?: Readonly<Record<string, string>> | string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Seen> {
    const text = form === undefined ? '' : typeof form === 'string' ? form : new URLSearchParams(form).toString();
    const all: Record<string, string> = {
      'x-forwarded-for': this.#address,
      ...(this.#cookies.size === 0 ? {} : { cookie: this.cookie }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', origin: this.#publicUrl }),
      ...headers,
    };
    const given = new Map(Object.entries(all).filter(([, value]) => value !== ''));
    const answer = await this.#connector.web({
      method,
      target,
      headers: given,
      body: async () => Promise.resolve(new TextEncoder().encode(text)),
    });
    const set = /^([^=]+)=([^;]*)/.exec(answer.headers['Set-Cookie'] ?? '');
    if (set !== null) this.#cookies.set(set[1] ?? '', set[2] ?? '');
    return { ...answer, url: this.#publicUrl + target };
  }

  get(target: string): Promise<Seen> {
    return this.follow(this.#publicUrl + target);
  }

  /** Sends the form of a page, whose hidden fields go along; answers where it led. */
  async submit(page: Seen, fields: Readonly<Record<string, string>> = {}, action?: string): Promise<Seen> {
    const forms = [...page.body.matchAll(/<form method="post"(?:[^>]*?action="([^"]*)")?[^>]*>([\s\S]*?)<\/form>/g)];
    const [, found, content = ''] = forms.find(([, where]) => action === undefined || where === action) ?? [];
    const hidden = [...content.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
    const form = { ...Object.fromEntries(hidden), ...fields };
    const to = new URL(found ?? page.url, page.url);
    if (to.origin === this.#publicUrl) return this.#redirected(await this.send('POST', to.pathname + to.search, { form }));
    return this.follow(to.href, form);
  }

  /** Opens an address, here or at Microsoft, and goes where it leads. */
  async follow(address: string, form?: Readonly<Record<string, string>>): Promise<Seen> {
    const url = new URL(address);
    if (url.origin === this.#publicUrl) return this.#redirected(await this.send('GET', url.pathname + url.search));
    const answer = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...this.#elsewhere].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    const set = /^([^=]+)=([^;]*)/.exec(answer.headers.get('set-cookie') ?? '');
    if (set !== null) this.#elsewhere.set(set[1] ?? '', set[2] ?? '');
    const to = answer.headers.get('location');
    if (to !== null) return this.follow(to);
    return { status: answer.status, headers: {}, body: await answer.text(), url: address };
  }

  async #redirected(seen: Seen): Promise<Seen> {
    const to = seen.headers['Location'];
    return to === undefined ? seen : this.follow(new URL(to, this.#publicUrl).href);
  }
}

/** The text of a page as a person reads it. */
export function textOf({ body }: { readonly body: string }): string {
  const plain = body
    .replace(/<(style|script|head)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
  return plain.replace(/\s+/g, ' ').trim();
}
