import { explainCredential } from '../app/credentialWords';
import type { CredentialExplanation } from '../app/credentialWords';
import { invitationDays, invite } from '../app/invitations';
import { tenantCommands } from '../app/tenantCommands';
import { listTenants } from '../app/tenantList';
import { inWords, InputError } from '../app/tenants';
import { warning } from './choosePage';
import { history } from './historyTable';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, layout, tokenField } from './layout';
import { page, redirect } from './request';
import type { WebResponse } from './request';
import { runOn, tenantOf, tenantRoutes } from './tenantRoutes';
import { tenantsPage } from './tenantsPage';
import type { Route, Visit } from './webPorts';

/** The pages of the operator; each names the role it needs. */
export const operatorRoutes: readonly Route[] = [
  { method: 'GET', path: [], access: 'Reader', handle: tenants },
  { method: 'GET', path: ['history'], access: 'Reader', handle: allChanges },
  { method: 'GET', path: ['invite'], access: 'Onboarder', handle: inviteForm },
  { method: 'POST', path: ['invite'], access: 'Onboarder', handle: makeInvitation },
  ...tenantRoutes,
  { method: 'POST', path: ['tenants', ':id', 'consent'], access: 'Onboarder', handle: consentLink },
];

const first = (values: readonly string[] | undefined): string => values?.[0] ?? '';

async function tenants({ ports, query, browser, operator, signal }: Visit): Promise<WebResponse> {
  const asked = { search: first(query.get('q')), state: first(query.get('state')) };
  const mayChange = operator?.roles.includes('Onboarder') === true;
  const [found, credentials] = await Promise.all([listTenants(ports, signal), credentialsOf(ports, signal)]);
  const parts = { tenants: found, credentials, ...asked, browser, mayChange };
  return page(tenantsPage({ providerName: ports.providerName, ...parts }), 200, browser);
}

/** What all tenants sign in with, in words, by the name of the secret. */
async function credentialsOf(
  { clock, rotation }: Visit['ports'],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, CredentialExplanation>> {
  const found = new Map<string, CredentialExplanation>();
  // Each is looked at sooner than that.
  const ever = new Date(clock.now().getTime() + 3_660 * 86_400_000);
  for await (const ring of rotation.rings.due(ever, signal))
    found.set(ring.name, explainCredential(ring, ring.tenantId, clock.now()));
  return found;
}

async function consentLink(visit: Visit): Promise<WebResponse> {
  return invited(visit, await runOn(visit, await tenantOf(visit), tenantCommands.consent, undefined));
}

function invited({ ports, browser }: Visit, { invitation, token }: Awaited<ReturnType<typeof invite>>): WebResponse {
  return page(
    layout(
      { title: 'Invitation', operator: true, providerName: ports.providerName },
      html`<h1>Send this link to ${invitation.customer}</h1>
        <p class="lead">It works once, for ${invitationDays} days, and is not shown again.</p>
        <pre id="link" tabindex="0">${ports.publicUrl}/onboard/${token}</pre>
        <div class="actions">
          <button type="button" data-copy="link" hidden>Copy the link</button
          ><a class="button second" href="/">Back to the tenants</a>
        </div>
        <h2>A message to go with it</h2>
        <p>
          Please connect ${invitation.customer}’s Microsoft 365 with the link above. You need an account with the role Global
          Administrator or Privileged Role Administrator; it takes about two minutes. The page says what is read, and how to undo
          it.
        </p>`,
    ),
    200,
    browser,
  );
}

function inviteContent(
  visit: Visit,
  given: { readonly customer: string; readonly tenantId: string },
  wrong?: { title: string; nextStep: string },
): Html {
  return layout(
    { title: 'Invite a customer', operator: true, providerName: visit.ports.providerName },
    html`<h1>Invite a customer</h1>
      <p class="lead">Its administrator opens the link, ticks what is wanted, and consents.</p>
      ${wrong !== undefined && warning(wrong)}
      <form method="post" action="/invite" autocomplete="off">
        ${tokenField(visit.browser)}
        <div class="field">
          <label for="customer">Name of the customer</label>
          <input id="customer" name="customer" required maxlength="100" value="${given.customer}" />
        </div>
        <div class="field">
          <label for="tenantId">Tenant id, if you know it</label>
          <p class="quiet" id="tenant-help">Then only this tenant can come in with the link.</p>
          <input id="tenantId" name="tenantId" aria-describedby="tenant-help" value="${given.tenantId}" />
        </div>
        <div class="actions"><button type="submit">Make the link</button></div>
      </form>
      ${visit.ports.onboardOptions.identity !== undefined && ownOrganisation(visit)}`,
  );
}

function ownOrganisation({ ports, browser }: Visit): Html {
  const { publisherId } = ports.onboardOptions;
  return html`<h2>Your own organisation</h2>
    <p>
      The connector can sign in to the tenant it lives in, <code>${publisherId}</code>, by its managed identity: there is no
      application to register and no secret.
    </p>
    <div class="actions">${buttonForm(browser, '/invite', 'Connect your own organisation', 'second', { own: 'yes' })}</div>`;
}

async function inviteForm(visit: Visit): Promise<WebResponse> {
  return Promise.resolve(page(inviteContent(visit, { customer: '', tenantId: '' }), 200, visit.browser));
}

async function makeInvitation(visit: Visit): Promise<WebResponse> {
  const { ports, signal, operator } = visit;
  if (first(visit.form.get('own')) === 'yes') {
    const { providerName: customer, onboardOptions } = ports;
    const wanted = { customer, createdBy: operator?.who ?? 'unknown', tenantId: onboardOptions.publisherId };
    return redirect(`/onboard/${(await invite(ports, wanted, signal)).token}`);
  }
  const given = { customer: first(visit.form.get('customer')), tenantId: first(visit.form.get('tenantId')).trim() };
  try {
    const { customer, tenantId } = given;
    const wanted = { customer, createdBy: visit.operator?.who ?? 'unknown', role: 'Onboarder' } as const;
    return invited(visit, await invite(visit.ports, { ...wanted, ...(tenantId === '' ? {} : { tenantId }) }, visit.signal));
  } catch (error) {
    const words = error instanceof InputError ? inWords(error) : undefined;
    if (words === undefined) throw error;
    return page(inviteContent(visit, given, words), 400, visit.browser);
  }
}

async function allChanges({ ports, browser, signal }: Visit): Promise<WebResponse> {
  const changes = await ports.changes.newest(undefined, 200, signal);
  return page(
    layout(
      { title: 'History', operator: true, providerName: ports.providerName },
      html`<h1>Who changed what</h1>
        ${history(changes)}`,
    ),
    200,
    browser,
  );
}
