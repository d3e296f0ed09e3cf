import { viewAssessments } from '../app/askForAssessment';
import { explainCredential } from '../app/credentialWords';
import { findings } from '../app/doctor';
import { reportCsv } from '../app/evidenceCsv';
import { reportHtml } from '../app/evidenceHtml';
import { makeReport } from '../app/evidenceReport';
import { explainTenant } from '../app/explain';
import { coverageOf } from '../app/heatMap';
import { integrationsView } from '../app/integrationsView';
import { lastDeliveries } from '../app/lastDeliveries';
import { runTenantCommand, tenantCommands } from '../app/tenantCommands';
import type { TenantCommand } from '../app/tenantCommands';
import { summarise } from '../app/tenantList';
import { inWords } from '../app/tenants';
import type { Tenant } from '../domain/tenant';
import { parseGuid } from '../domain/tenant';
import { messagePage } from './layout';
import { page, redirect, Refusal } from './request';
import type { WebResponse } from './request';
import { readIntegrations } from './tenantForms';
import { tenantPage } from './tenantPage';
import type { Route, Visit } from './webPorts';

const coverageHours = 7 * 24;
const changesShown = 50;
const deliveriesShown = 12;

type Work = (visit: Visit, tenant: Tenant) => Promise<string>;

const { pause, resume, sync, test, change, rotate, setCredential, assess: assessment, remove: removal } = tenantCommands;

/** Does a command on a tenant in the name of the operator who asks. Throws what the command does. */
export async function runOn<Input, Result>(
  visit: Visit,
  tenant: Tenant,
  command: TenantCommand<Input, Result>,
  input: Input,
): Promise<Result> {
  const { ports, operator, signal } = visit;
  const by = { who: operator?.who ?? 'unknown', role: command.role };
  return runTenantCommand(command, { ports, tenant, input, by, signal });
}

const works: Readonly<Record<'pause' | 'resume' | 'sync' | 'test' | 'change' | 'rotate' | 'credential', Work>> = {
  pause: async (visit, tenant) => {
    await runOn(visit, tenant, pause, undefined);
    return 'Paused. Microsoft keeps its content for 7 days: resume before then and nothing is lost.';
  },
  resume: async (visit, tenant) => {
    await runOn(visit, tenant, resume, undefined);
    return 'Collected again; what came meanwhile is back-filled.';
  },
  sync: async (visit, tenant) => {
    const { sources } = await runOn(visit, tenant, sync, undefined);
    return `${sources} sources are collected now.`;
  },
  test: async (visit, tenant) => {
    const sent = await runOn(visit, tenant, test, undefined);
    return `A test record was sent to ${sent.hubs.join(', ')}. Look for its id: ${sent.id}`;
  },
  change: async (visit, tenant) => {
    await runOn(visit, tenant, change, readIntegrations(visit.form));
    return 'Saved. Everything that is left is collected now; what is new is looked at first, which takes a minute.';
  },
  rotate: async (visit, tenant) => {
    const { outcome } = await runOn(visit, tenant, rotate, undefined);
    return rotationTexts[outcome];
  },
  credential: async (visit, tenant) => {
    await runOn(visit, tenant, setCredential, credentialOf(visit.form));
    return 'It works, and is used from now on. The one before stays usable for a day.';
  },
};

const rotationTexts = {
  asked: 'A new credential is added, tried for a minute, and then used. Nothing is interrupted; the old one goes after a day.',
  underWay: 'A new credential is in use already; the one before goes by itself.',
  nothingToRotate: 'There is nothing to renew: it never expires.',
} as const;

function credentialOf(form: Visit['form']) {
  const [secret, certificate, expires] = ['secret', 'certificate', 'expires'].map((name) => first(form.get(name)));
  const kind = certificate?.trim() === '' ? ('clientSecret' as const) : ('certificate' as const);
  const day = /^\d{4}-\d\d-\d\d$/.test(expires ?? '') ? { expiresAt: new Date(`${expires}T00:00:00Z`) } : {};
  return { kind, value: (kind === 'certificate' ? certificate : secret) ?? '', ...day };
}

/** The pages of one tenant. */
export const tenantRoutes: readonly Route[] = [
  { method: 'GET', path: ['tenants', ':id'], access: 'Reader', handle: tenant },
  { method: 'GET', path: ['tenants', ':id', 'evidence'], access: 'Reader', handle: evidence },
  ...Object.entries(works).map(([name, work]): Route => ({
    method: 'POST',
    path: ['tenants', ':id', name],
    access: 'Onboarder',
    handle: async (visit) => act(visit, work),
  })),
  { method: 'POST', path: ['tenants', ':id', 'assess'], access: 'Onboarder', handle: assess },
  { method: 'POST', path: ['tenants', ':id', 'remove'], access: 'Onboarder', handle: remove },
];

const first = (values: readonly string[] | undefined): string => values?.[0] ?? '';

/** The tenant that a path names. Throws a Refusal when there is none. */
export async function tenantOf({ ports, parameters, signal }: Visit): Promise<Tenant> {
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
  const coverageWork = coverageOf(ports.collect, of, coverageHours, signal);
  const [integrations, coverage, deliveries, changes, rows, found, ring, assessments] = await Promise.all([
    integrationsView(ports.collect, of, signal),
    coverageWork,
    coverageWork.then(async (each) => lastDeliveries(ports.collect.ledger, each, deliveriesShown, signal)),
    ports.changes.newest(of.id, changesShown, signal),
    ports.sourceRows.ofTenant(of.id, signal),
    findings(ports.collect, of, signal),
    ports.rotation.rings.find(of.secretName, signal),
    viewAssessments(ports.assess, of, signal),
  ]);
  const now = ports.clock.now();
  const content = tenantPage({
    ...{ browser, tenant: of, integrations, coverage, deliveries, changes, assessments, told },
    providerName: ports.providerName,
    explanation: explainTenant(of, rows, ports.sources.values()),
    summary: summarise(of, rows, ports.sources, now),
    licences: found.licences,
    credential: ring === undefined ? undefined : explainCredential(ring, of.id, now),
    sources: [...ports.sources.values()],
    mayChange: operator?.roles.includes('Onboarder') === true,
  });
  return page(content, told?.good === false ? 400 : 200, browser);
}

/** The report of the last assessment, to read, print or keep. */
async function evidence(visit: Visit): Promise<WebResponse> {
  const { ports, query, browser, signal } = visit;
  const of = await tenantOf(visit);
  let report;
  try {
    report = await makeReport(ports.assess, of, {}, signal);
  } catch (error) {
    const words = inWords(error);
    if (words === undefined) throw error;
    const look = { title: `Evidence about ${of.name}`, operator: true, providerName: ports.providerName };
    const next =
      'It is made by itself once a day where the integration for it is ticked, and at once by “Assess now” on the page of the tenant.';
    return page(
      messagePage(look, { heading: words.title, text: `There is nothing to report about ${of.name} yet.`, next }),
      404,
      browser,
    );
  }
  const csv = first(query.get('form')) === 'csv';
  const name = `evidence-${of.id}-${report.generatedAt.slice(0, 10)}`;
  return csv
    ? {
        status: 200,
        headers: { 'Content-Type': 'text/csv; charset=utf-8', 'Content-Disposition': `attachment; filename="${name}.csv"` },
        body: reportCsv(report),
      }
    : { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: reportHtml(report), ownStyle: true };
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
  const words = inWords(error);
  if (words === undefined) throw error;
  return shown(visit, of, { good: false, text: `${words.title} ${words.nextStep}` });
}

/** The page itself says that it is under way, and renews itself. */
async function assess(visit: Visit): Promise<WebResponse> {
  const of = await tenantOf(visit);
  try {
    await runOn(visit, of, assessment, undefined);
  } catch (error) {
    return refusedInWords(visit, of, error);
  }
  return redirect(`/tenants/${of.id}#evidence`);
}

async function remove(visit: Visit): Promise<WebResponse> {
  const of = await tenantOf(visit);
  try {
    await runOn(visit, of, removal, {
      confirm: first(visit.form.get('confirm')),
      purge: first(visit.form.get('purge')) === 'yes',
    });
  } catch (error) {
    return refusedInWords(visit, of, error);
  }
  return redirect('/');
}
