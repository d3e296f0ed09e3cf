import { explainTenant } from '../app/explain';
import { coverageOf } from '../app/heatMap';
import { integrationsView } from '../app/integrationsView';
import { invitationDays, invite } from '../app/invitations';
import { runTenantCommand, tenantCommands } from '../app/tenantCommands';
import type { TenantCommand } from '../app/tenantCommands';
import { listTenants } from '../app/tenantList';
import { inWords, InputError } from '../app/tenants';
import type { Tenant } from '../domain/tenant';
import { parseGuid } from '../domain/tenant';
import { warning } from './choosePage';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, layout, tokenField } from './layout';
import { page, redirect, Refusal } from './request';
import type { WebResponse } from './request';
import { history, tenantPage } from './tenantPage';
import { tenantsPage } from './tenantsPage';
import type { Route, Visit } from './webPorts';

const coverageHours = 48;
const changesShown = 50;

type Work = (visit: Visit, tenant: Tenant) => Promise<string>;

const { pause, resume, sync, test, consent, remove: removal } = tenantCommands;

async function done<Input, Result>(
  visit: Visit,
  tenant: Tenant,
  command: TenantCommand<Input, Result>,
  input: Input,
): Promise<Result> {
  const { ports, operator, signal } = visit;
  const by = { who: operator?.who ?? 'unknown', role: command.role };
  return runTenantCommand(command, { ports, tenant, input, by, signal });
}

const works: Readonly<Record<'pause' | 'resume' | 'sync' | 'test', Work>> = {
  pause: async (visit, tenant) => {
    await done(visit, tenant, pause, undefined);
    return 'Paused. Microsoft keeps its content for 7 days: resume before then and nothing is lost.';
  },
  resume: async (visit, tenant) => {
    await done(visit, tenant, resume, undefined);
    return 'Collected again; what came meanwhile is back-filled.';
  },
  sync: async (visit, tenant) => {
    const { sources } = await done(visit, tenant, sync, undefined);
    return `${sources} sources are collected now.`;
  },
  test: async (visit, tenant) => {
    const sent = await done(visit, tenant, test, undefined);
    return `A test record was sent to ${sent.hubs.join(', ')}. Look for its id: ${sent.id}`;
  },
};

/** The pages of the operator; each names the role it needs. */
export const operatorRoutes: readonly Route[] = [
  { method: 'GET', path: [], access: 'Reader', handle: tenants },
  { method: 'GET', path: ['history'], access: 'Reader', handle: allChanges },
  { method: 'GET', path: ['invite'], access: 'Onboarder', handle: inviteForm },
  { method: 'POST', path: ['invite'], access: 'Onboarder', handle: makeInvitation },
  { method: 'GET', path: ['tenants', ':id'], access: 'Reader', handle: tenant },
  ...Object.entries(works).map(([name, work]): Route => ({
    method: 'POST',
    path: ['tenants', ':id', name],
    access: 'Onboarder',
    handle: async (visit) => act(visit, work),
  })),
  { method: 'POST', path: ['tenants', ':id', 'consent'], access: 'Onboarder', handle: consentLink },
  { method: 'POST', path: ['tenants', ':id', 'remove'], access: 'Onboarder', handle: remove },
];

const first = (values: readonly string[] | undefined): string => values?.[0] ?? '';

async function tenants({ ports, query, browser, signal }: Visit): Promise<WebResponse> {
  const parts = { tenants: await listTenants(ports, signal), search: first(query.get('q')), state: first(query.get('state')) };
  return page(tenantsPage({ providerName: ports.providerName, ...parts }), 200, browser);
}

async function tenantOf({ ports, parameters, signal }: Visit): Promise<Tenant> {
  const id = parseGuid(parameters['id'] ?? '');
  const found = id === undefined ? undefined : await ports.tenants.find(id, signal);
  if (found === undefined) throw new Refusal(404, 'tenantUnknown', 'There is no such tenant. It may have been removed.');
  return found.tenant;
}

async function tenant(visit: Visit): Promise<WebResponse> {
  return shown(visit, await tenantOf(visit));
}

async function shown(visit: Visit, of: Tenant, told?: { readonly good: boolean; readonly text: string }): Promise<WebResponse> {
  const { ports, browser, operator, signal } = visit;
  const [integrations, coverage, changes, rows] = await Promise.all([
    integrationsView(ports.collect, of, signal),
    coverageOf(ports.collect, of, coverageHours, signal),
    ports.changes.newest(of.id, changesShown, signal),
    ports.sourceRows.ofTenant(of.id, signal),
  ]);
  const explanation = explainTenant(of, rows, ports.sources.values());
  const mayChange = operator?.roles.includes('Onboarder') === true;
  const { providerName } = ports;
  const content = tenantPage({
    providerName,
    browser,
    tenant: of,
    explanation,
    integrations,
    coverage,
    changes,
    mayChange,
    told,
  });
  return page(content, told?.good === false ? 400 : 200, browser);
}

async function act(visit: Visit, work: Work): Promise<WebResponse> {
  const of = await tenantOf(visit);
  try {
    const text = await work(visit, of);
    return await shown(visit, await tenantOf(visit), { good: true, text });
  } catch (error) {
    return refusedInWords(visit, of, error);
  }
}

async function refusedInWords(visit: Visit, of: Tenant, error: unknown): Promise<WebResponse> {
  const words = error instanceof InputError ? inWords(error) : undefined;
  if (words === undefined) throw error;
  return shown(visit, of, { good: false, text: `${words.title} ${words.nextStep}` });
}

async function remove(visit: Visit): Promise<WebResponse> {
  const of = await tenantOf(visit);
  try {
    await done(visit, of, removal, { confirm: first(visit.form.get('confirm')) });
  } catch (error) {
    return refusedInWords(visit, of, error);
  }
  return redirect('/');
}

async function consentLink(visit: Visit): Promise<WebResponse> {
  return invited(visit, await done(visit, await tenantOf(visit), consent, undefined));
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
