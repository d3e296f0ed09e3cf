import { URLSearchParams } from 'node:url';
import type { Reply } from '../reply';
import type { Service } from '../service';
import type { PublishedApplication } from './applications';
import type { Person } from './people';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value: string): string => value.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const look = `body{font:16px/1.5 system-ui,sans-serif;background:#eceff3;margin:0;color:#1b1b1b}main{max-width:28rem;margin:4rem auto;background:#fff;padding:2rem;box-shadow:0 2px 6px #0002}
button{font:inherit;padding:.5rem 1.25rem;margin:.25rem .5rem .25rem 0;border:1px solid #666;background:#fff;cursor:pointer}button.first{background:#0f4fa8;border-color:#0f4fa8;color:#fff}
.account{display:block;width:100%;text-align:left;border-color:#ccc}.small{color:#555;font-size:.85rem}h1{font-size:1.4rem}li{margin:.25rem 0}`;

function page(status: number, title: string, content: string): Reply {
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${look}</style></head><body><main><p class="small">Simulated Microsoft</p><h1>${text(title)}</h1>${content}</main></body></html>`;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: Buffer.from(body) };
}

function redirect(uri: string, parameters: Record<string, string>): Reply {
  return { status: 302, headers: { Location: `${uri}?${new URLSearchParams(parameters).toString()}` }, body: Buffer.alloc(0) };
}

/** A page of Microsoft's own, from which nobody comes back by themselves. */
function stuck(code: number, words: string): Reply {
  return page(400, 'Sorry, but we’re having trouble signing you in.', `<p>AADSTS${code}: ${text(words)}</p>`);
}

interface Asked {
  readonly tenant: string;
  readonly query: URLSearchParams;
  readonly application: PublishedApplication;
  readonly redirectUri: string;
}

function readAsked(service: Service, tenant: string, query: URLSearchParams): Asked | Reply {
  const clientId = (query.get('client_id') ?? '').toLowerCase();
  const application = service.identity.published.get(clientId);
  if (application === undefined)
    return stuck(700016, `Application with identifier '${clientId}' was not found in the directory.`);
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!application.redirectUris.includes(redirectUri))
    return stuck(
      50011,
      `The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured for the application.`,
    );
  if (tenant !== 'organizations' && tenant !== 'common' && service.tenantByName(tenant) === undefined)
    return stuck(90002, `Tenant '${tenant}' not found.`);
  return { tenant, query, application, redirectUri };
}

const setupScope = /\/(Application\.ReadWrite\.All|AppRoleAssignment\.ReadWrite\.All)$/;

/** Answers what a browser asks of the sign-in pages: picking an account, accepting permissions, and coming back. Undefined for any other path. */
export function answerBrowser(service: Service, method: string, target: string, body: string, cookie: string): Reply | undefined {
  const url = new URL(target, 'https://login.invalid');
  const place = /^\/([^/]+)\/(oauth2\/v2\.0\/authorize|v2\.0\/adminconsent)$/.exec(url.pathname);
  if (place === null) return undefined;
  const asked = readAsked(service, decodeURIComponent(place[1] ?? ''), url.searchParams);
  if ('status' in asked) return asked;
  const form = new URLSearchParams(method === 'POST' ? body : '');
  return place[2] === 'v2.0/adminconsent' ? consent(service, asked, form, cookie) : signIn(service, asked, form);
}

function signIn(service: Service, asked: Asked, form: URLSearchParams): Reply {
  const { query, tenant, application, redirectUri } = asked;
  if (query.get('response_type') !== 'code' || query.get('code_challenge_method') !== 'S256' || !query.get('code_challenge'))
    return stuck(501491, 'Proof Key for Code Exchange is required: the size of the code challenge is wrong.');
  const people = service.identity.people(tenant);
  const person = people.find(({ account }) => account === form.get('account'));
  if (person === undefined) return accountPicker(people, application.name);
  const state = query.get('state') ?? '';
  if (person.mood === 'blocked')
    return stuck(
      53003,
      'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
    );
  if (person.mood === 'secondFactor')
    return redirect(redirectUri, {
      error: 'access_denied',
      error_description: 'AADSTS500121: Authentication failed during strong authentication request.\r\nTrace ID: 00000000',
      state,
    });
  const scopes = (query.get('scope') ?? '').split(' ');
  const delegated = scopes.some((scope) => setupScope.test(scope));
  if (delegated && form.get('accept') === null) {
    if (!person.mayConsent)
      return page(
        200,
        'Need admin approval',
        `<p>${text(application.name)} needs permission to access resources in your organisation that only an admin can grant. (AADSTS90094)</p>${picker('account', '', 'Use another account')}`,
      );
    return acceptPage(person, application.name, [
      'Read and write all applications',
      'Manage app permission grants and app role assignments',
    ]);
  }
  if (form.get('accept') === 'no')
    return redirect(redirectUri, {
      error: 'access_denied',
      error_description: 'AADSTS65004: User declined to consent to access the app.',
      state,
    });
  if (delegated) service.identity.applicationsOf(person.tenantId).putServicePrincipal(application.clientId);
  const code = service.identity.issueCode({
    person,
    clientId: application.clientId,
    redirectUri,
    challenge: query.get('code_challenge') ?? '',
    nonce: query.get('nonce') ?? '',
    scopes,
  });
  const reply = redirect(redirectUri, { code, state, session_state: '00000000-0000-4000-8000-000000000001' });
  reply.headers['Set-Cookie'] = `account=${encodeURIComponent(person.account)}; Path=/; HttpOnly`;
  return reply;
}

function picker(name: string, value: string, label: string): string {
  return `<form method="post"><input type="hidden" name="${name}" value="${text(value)}"><button>${text(label)}</button></form>`;
}

function accountPicker(people: readonly Person[], application: string): Reply {
  const buttons = people.map(
    ({ account, title }) =>
      `<button class="account" name="account" value="${text(account)}"><strong>${text(account)}</strong><br><span class="small">${text(title)}</span></button>`,
  );
  return page(200, 'Pick an account', `<p>to continue to ${text(application)}</p><form method="post">${buttons.join('')}</form>`);
}

function acceptPage(person: Person, application: string, permissions: readonly string[]): Reply {
  const list = permissions.map((one) => `<li>${text(one)}</li>`).join('');
  return page(
    200,
    'Permissions requested',
    `<p class="small">${text(person.account)}</p><p><strong>${text(application)}</strong> would like to:</p><ul>${list}</ul><form method="post"><input type="hidden" name="account" value="${text(person.account)}"><button name="accept" value="no">Cancel</button><button class="first" name="accept" value="yes">Accept</button></form>`,
  );
}

function consent(service: Service, asked: Asked, form: URLSearchParams, cookie: string): Reply {
  const { query, tenant, application, redirectUri } = asked;
  const known = /(?:^|;\s*)account=([^;]+)/.exec(cookie)?.[1];
  const account = form.get('account') ?? (known === undefined ? '' : decodeURIComponent(known));
  const people = service.identity.people(tenant);
  const person = people.find((one) => one.account === account);
  if (person === undefined) return accountPicker(people, application.name);
  const state = query.get('state') ?? '';
  const refuse = (error: string, description: string): Reply =>
    redirect(redirectUri, { admin_consent: 'True', error, error_description: description, state });
  if (!person.mayConsent)
    return form.get('back') === '1'
      ? refuse('access_denied', 'AADSTS90094: An administrator of the organisation has to grant these permissions.')
      : needApproval(person);
  if (form.get('accept') === null) return acceptPage(person, application.name, Object.values(application.roles).flat());
  if (form.get('accept') === 'no')
    return refuse('consent_required', 'AADSTS65004: The resource owner or authorization server denied the request.');
  service.identity.applicationsOf(person.tenantId).consent(application);
  return redirect(redirectUri, {
    admin_consent: 'True',
    tenant: person.tenantId,
    scope: query.get('scope') ?? '',
    state,
  });
}

function needApproval(person: Person): Reply {
  return page(
    200,
    'Need admin approval',
    `<p class="small">${text(person.account)}</p><p>This app needs permission that only an admin can grant. Ask an admin to grant it. (AADSTS90094)</p>${picker('account', '', 'Sign in with an admin account')}
     <form method="post"><input type="hidden" name="account" value="${text(person.account)}"><input type="hidden" name="back" value="1"><button>Return to the application without granting consent</button></form>`,
  );
}
