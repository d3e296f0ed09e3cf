import { createHash } from 'node:crypto';
import { failureOf } from '../domain/failure';
import type { Operator, OperatorRole } from '../domain/operator';
import { apiRoutes, problem } from './api';
import { assetPaths, messagePage } from './layout';
import { onboardingRoutes } from './onboardingRoutes';
import { operatorRoutes } from './operatorRoutes';
import { RateLimit } from './rateLimit';
import {
  browserCookie,
  browserOf,
  newBrowser,
  page,
  parseTarget,
  readForm,
  refuseForeignForm,
  refuseForeignWrite,
  Refusal,
} from './request';
import type { WebRequest, WebResponse } from './request';
import { script } from './script';
import { style } from './style';
import type { Route, Visit, WebPorts } from './webPorts';

/** All routes with who may use them; a test holds each against every kind of token. */
export const routes: readonly Route[] = [...onboardingRoutes, ...operatorRoutes, ...apiRoutes];

/** Answers requests. Never throws: what is refused or fails becomes a page, with a code in the log and no detail for the caller. */
export interface Site {
  readonly answer: (request: WebRequest, signal: AbortSignal) => Promise<WebResponse>;
}

const perAddress = 240;
const perInstance = 2_400;

/** The pages, with the limits of one instance. */
export function createSite(ports: WebPorts): Site {
  const now = () => ports.clock.now().getTime();
  const ofAddress = new RateLimit(perAddress, now);
  const ofAll = new RateLimit(perInstance, now);
  return {
    answer: async (request, signal) => {
      let response;
      try {
        if (!ofAddress.take(addressOf(request)) || !ofAll.take(''))
          throw new Refusal(429, 'tooMany', 'That was too often. Wait a minute, then try again.');
        response = await find(ports, request, signal);
      } catch (error) {
        response = failed(ports, request, error);
      }
      return secured(ports, response);
    },
  };
}

// The front end of App Service adds the caller's address as the last one; what stands before it, the caller may have made up.
function addressOf({ headers }: WebRequest): string {
  return headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
}

async function find(ports: WebPorts, request: WebRequest, signal: AbortSignal): Promise<WebResponse> {
  const { segments, query } = parseTarget(request.target);
  const asset = assetOf(request, `/${segments.join('/')}`);
  if (asset !== undefined) return asset;
  const matching = routes.flatMap((route) => {
    const parameters = match(route, segments);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  if (matching.length === 0) throw new Refusal(404, 'notFound', 'There is no such page.');
  const found = matching.find(({ route }) => route.method === request.method);
  if (found === undefined) throw new Refusal(405, 'method', 'This page cannot be used like that.');
  const { route, parameters } = found;
  const operator = route.access === 'public' ? undefined : await admitted(ports, request, route, route.access, signal);
  const isForm = route.api !== true && route.method === 'POST';
  const form = isForm ? await readForm(request) : new Map<string, readonly string[]>();
  const known = browserOf(request);
  if (isForm) refuseForeignForm(request, ports.publicUrl, form);
  else if (route.method !== 'GET') refuseForeignWrite(request, ports.publicUrl);
  const browser = known ?? newBrowser();
  const visit: Visit = { ports, request, parameters, query, form, browser, operator, signal };
  const response = await route.handle(visit);
  if (known !== undefined) {
    const { browser: unchanged, ...rest } = response;
    return unchanged === known ? rest : response;
  }
  return response;
}

function match({ path }: Route, segments: readonly string[]): Record<string, string> | undefined {
  if (path.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of path.entries()) {
    const given = segments[index] ?? '';
    if (part.startsWith(':')) parameters[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return parameters;
}

async function admitted(
  ports: WebPorts,
  request: WebRequest,
  { method, path }: Route,
  role: OperatorRole,
  signal: AbortSignal,
): Promise<Operator> {
  const verdict = await ports.operator(request.headers, signal);
  if ('refused' in verdict)
    throw new Refusal(
      verdict.refused,
      verdict.code,
      verdict.refused === 503 ? 'Operators are not set up here yet: see docs/onboarding.md.' : 'Sign in as an operator first.',
    );
  // Whoever may change something may also look at it.
  const may = role === 'Reader' ? verdict.roles.length > 0 : verdict.roles.includes(role);
  if (may) return verdict;
  // Who it is has been proven: what they tried is kept.
  const at = ports.clock.now().toISOString();
  const target = `${method} /${path.join('/')}`;
  await ports.changes.record({ at, who: verdict.who, role, what: 'denied', target, outcome: 'refused' }, signal);
  throw new Refusal(403, `role:${role}`, `This needs the role ${role}. Ask whoever assigns the roles of this application.`);
}

function assetOf({ method }: WebRequest, path: string): WebResponse | undefined {
  const found =
    path === assetPaths.style
      ? { body: style, type: 'text/css; charset=utf-8' }
      : path === assetPaths.script
        ? { body: script, type: 'text/javascript; charset=utf-8' }
        : undefined;
  if (found === undefined) return undefined;
  if (method !== 'GET') throw new Refusal(405, 'method', 'This page cannot be used like that.');
  const headers = { 'Content-Type': found.type, 'Cache-Control': 'public, max-age=31536000, immutable' };
  return { status: 200, headers, body: found.body };
}

function failed(ports: WebPorts, { target }: WebRequest, error: unknown): WebResponse {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(
          failureOf(error) === undefined ? 500 : 503,
          failureOf(error)?.code ?? 'fault',
          'Something on our side does not work at the moment. Nothing is lost: try again in a minute.',
        );
  const { status, code, sentence } = refusal;
  const cause = error instanceof Refusal ? {} : { cause: error instanceof Error ? error.name : 'unknown' };
  if (status >= 500) ports.telemetry.event('pageFailed', 'error', { status, code, ...cause });
  else ports.telemetry.event('pageRefused', 'warning', { status, code });
  if (/^\/api(?:[/?]|$)/.test(target)) return problem(status, code, { title: sentence });
  const headings: Readonly<Record<number, string>> = {
    401: 'Please sign in',
    403: 'Not allowed',
    404: 'Not found',
    429: 'A little slower',
  };
  const heading = headings[status] ?? (status >= 500 ? 'Not working right now' : 'Not accepted');
  return page(messagePage({ title: heading, providerName: ports.providerName }, { heading, text: sentence }), status);
}

function styleHash({ ownStyle, body }: WebResponse): string {
  const style = ownStyle === true ? /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] : undefined;
  return style === undefined ? '' : ` 'sha256-${createHash('sha256').update(style).digest('base64')}'`;
}

/** What every answer carries. https://owasp.org/www-project-secure-headers/ */
function secured(ports: WebPorts, response: WebResponse): WebResponse {
  const policy = [
    "default-src 'none'",
    `style-src 'self'${styleHash(response)}`,
    "script-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    // A form's redirect counts as a form's target: the one to Microsoft has to be named.
    `form-action 'self' ${ports.signInOrigin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    ...response,
    headers: {
      'Cache-Control': 'no-store',
      ...response.headers,
      'Content-Security-Policy': policy.join('; '),
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      // Links carry tokens: they go nowhere else. With no-referrer a form of ours would not say where it comes from.
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=()',
      ...(ports.publicUrl.startsWith('https:') ? { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' } : {}),
      ...(response.browser === undefined
        ? {}
        : { 'Set-Cookie': `${browserCookie}=${response.browser}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000` }),
    },
  };
}
