import { receiveCallback } from '../app/callback';
import { integrationsView } from '../app/integrationsView';
import { openInvitation } from '../app/invitations';
import type { Opened } from '../app/invitations';
import { askAgain, beginOnboarding, changeOnboarding, onboardingOf, sendToMicrosoft } from '../app/onboarding';
import { inWords } from '../app/tenants';
import { integrations, isIntegrationId } from '../domain/integration';
import type { Invitation, Onboarding, Way } from '../domain/onboarding';
import { isPersonal, ways } from '../domain/onboarding';
import { without } from '../domain/without';
import { choosePage } from './choosePage';
import type { Given } from './choosePage';
import { html } from './html';
import { messagePage } from './layout';
import { managedIdentityPage } from './managedIdentityPage';
import { ownApplicationPage } from './ownApplicationPage';
import { progressPage } from './progressPage';
import { browserOf, page, redirect, Refusal } from './request';
import type { WebResponse } from './request';
import type { Route, Visit, WebPorts } from './webPorts';

/** The pages of a customer's administrator. */
export const onboardingRoutes: readonly Route[] = [
  { method: 'GET', path: ['onboard', ':token'], access: 'public', handle: choose },
  { method: 'POST', path: ['onboard', ':token'], access: 'public', handle: begin },
  { method: 'GET', path: ['auth', 'callback'], access: 'public', handle: callback },
  { method: 'GET', path: ['onboarding', ':id'], access: 'public', handle: progress },
  { method: 'POST', path: ['onboarding', ':id', 'again'], access: 'public', handle: again },
  { method: 'POST', path: ['onboarding', ':id', 'retry'], access: 'public', handle: retry },
];

const first = (values: readonly string[] | undefined): string | undefined => values?.[0];

/** The ways in that are set up here. */
function offered(
  { onboardOptions: { provider, setup, identity, publisherId } }: WebPorts,
  { tenantId }: Invitation,
): readonly Way[] {
  const home = identity !== undefined && tenantId === publisherId;
  const there: Readonly<Record<Way, boolean>> = {
    ...{ adminConsent: provider !== undefined, provision: setup !== undefined, ownApplication: true, managedIdentity: home },
  };
  const all = ways.filter((way) => there[way]);
  // Where it can be had, no secret is the best of all.
  return home ? ['managedIdentity', ...all.filter((way) => way !== 'managedIdentity')] : all;
}

async function invitationOf(visit: Visit): Promise<Invitation | WebResponse> {
  const { ports, parameters, signal } = visit;
  const opened = await openInvitation(ports, parameters['token'] ?? '', signal);
  return opened.kind === 'open' ? opened.invitation : closedPage(visit, opened);
}

async function closedPage(visit: Visit, opened: Exclude<Opened, { kind: 'open' }>): Promise<WebResponse> {
  const { ports, request, signal } = visit;
  const { providerName } = ports;
  if (opened.kind === 'unknown')
    return page(
      messagePage(
        { title: 'Unknown link', providerName },
        {
          heading: 'This link is not known',
          text: 'Perhaps a part of it was cut off on the way.',
          next: `Copy the whole link from the message, or ask ${providerName} for a new one.`,
        },
      ),
      404,
    );
  const { invitation } = opened;
  const own =
    invitation.onboardingId === undefined
      ? undefined
      : await onboardingOf(ports, invitation.onboardingId, browserOf(request), signal);
  if (own !== undefined) return redirect(`/onboarding/${own.id}`);
  const used = opened.kind === 'used';
  return page(
    messagePage(
      { title: used ? 'Link already used' : 'Link expired', providerName },
      {
        heading: used ? 'This link was used before' : 'This link has expired',
        text: used ? `${invitation.customer} was connected with it. Each link works once.` : 'A link works for seven days.',
        next: `Ask ${providerName} for a new one${used ? ' if something is to be changed' : ''}.`,
      },
    ),
    410,
  );
}

async function choose(visit: Visit): Promise<WebResponse> {
  const invitation = await invitationOf(visit);
  return 'status' in invitation ? invitation : choicePage(visit, invitation, { integrations: undefined, way: undefined });
}

function choicePage(
  visit: Visit,
  invitation: Invitation,
  given: Given,
  wrong?: { title: string; nextStep: string },
): WebResponse {
  const { ports, browser, parameters } = visit;
  const token = parameters['token'] ?? '';
  const sources = [...ports.sources.values()];
  const { providerName } = ports;
  const shown = choosePage({
    providerName,
    invitation,
    token,
    browser,
    sources,
    offered: offered(ports, invitation),
    given,
    wrong,
  });
  return page(shown, wrong === undefined ? 200 : 400, browser);
}

async function begin(visit: Visit): Promise<WebResponse> {
  const { ports, form, browser, signal, parameters } = visit;
  const invitation = await invitationOf(visit);
  if ('status' in invitation) return invitation;
  const chosen = (form.get('integration') ?? []).filter(isIntegrationId);
  const way = offered(ports, invitation).find((one) => one === first(form.get('way')));
  const [tenant, clientId, secret, certificate] = ['tenant', 'clientId', 'secret', 'certificate'].map((name) =>
    first(form.get(name)),
  );
  const renewsItself = first(form.get('renewal')) === 'yes';
  const given: Given = { integrations: chosen, way, tenant, clientId, renewsItself };
  const nothing = {
    title: 'Nothing is ticked.',
    nextStep: 'Tick at least one of the integrations: it can be changed at any time.',
  };
  if (chosen.length === 0) return choicePage(visit, invitation, given, nothing);
  if (way === undefined)
    return choicePage(visit, invitation, given, { title: 'Choose how to connect.', nextStep: 'Pick one of the ways below.' });
  const parts = { providerName: ports.providerName, invitation, token: parameters['token'] ?? '', browser };
  const sources = [...ports.sources.values()];
  const ownPage = (wrong?: { title: string; nextStep: string }): WebResponse => {
    return page(
      ownApplicationPage({ ...parts, sources, integrations: chosen, given, wrong }),
      wrong === undefined ? 200 : 400,
      browser,
    );
  };
  const { identity, cloud } = ports.onboardOptions;
  if (way === 'ownApplication' && secret === undefined) return ownPage();
  if (way === 'managedIdentity' && identity !== undefined && first(form.get('assigned')) === undefined) {
    const graph = ports.collect.clouds(cloud)?.hosts.graph ?? '';
    return page(
      managedIdentityPage({ ...parts, sources, integrations: chosen, clientId: identity.clientId, graph }),
      200,
      browser,
    );
  }
  let onboarding: Onboarding;
  try {
    const own =
      way === 'ownApplication'
        ? { tenant: tenant ?? '', clientId: clientId ?? '', secret: secret ?? '', certificate: certificate ?? '' }
        : {};
    onboarding = await beginOnboarding(ports, invitation, browser, { way, integrations: chosen, renewsItself, ...own }, signal);
  } catch (error) {
    const wrong = inWords(error);
    if (wrong === undefined) throw error;
    return way === 'ownApplication' ? ownPage(wrong) : choicePage(visit, invitation, given, wrong);
  }
  const personal = onboarding.step !== undefined && isPersonal(onboarding.step);
  return redirect(personal ? await sendToMicrosoft(ports, onboarding, signal) : `/onboarding/${onboarding.id}`);
}

async function callback(visit: Visit): Promise<WebResponse> {
  const { ports, query, request, signal } = visit;
  const outcome = await receiveCallback(ports, query, browserOf(request), signal);
  if (outcome.kind === 'microsoft') return redirect(outcome.url);
  if (outcome.kind === 'progress') return redirect(`/onboarding/${outcome.onboardingId}`);
  const { onboardingId } = outcome;
  return page(
    messagePage(
      { title: 'Not accepted', providerName: ports.providerName },
      {
        heading: 'This was not accepted',
        text: callbackTexts[outcome.code] ?? 'What came back from Microsoft does not prove who you are. Nothing was changed.',
        next: `Open the link you were sent once more and begin anew. [${outcome.code}]`,
        ...(onboardingId === undefined
          ? {}
          : { action: html`<a class="button" href="/onboarding/${onboardingId}">Back to the onboarding</a>` }),
      },
    ),
    400,
  );
}

const callbackTexts: Readonly<Record<string, string>> = {
  stateMissing: 'This page is where Microsoft sends you back to; it cannot be opened by itself.',
  stateUnknown: 'This page is where Microsoft sends you back to, but you were not sent there from here.',
  stateUsed: 'You came back here before. Each visit to Microsoft counts once.',
  stateExpired: 'You were at Microsoft for more than ten minutes. Nothing was changed.',
  otherBrowser: 'You began in another browser. Go on in that one: this keeps others from using your consent.',
  tenantMismatch: 'Consent was given for another organisation than the one you signed in to. Nothing was changed.',
};

async function theirs(visit: Visit): Promise<Onboarding> {
  const { ports, parameters, request, signal } = visit;
  const onboarding = await onboardingOf(ports, parameters['id'] ?? '', browserOf(request), signal);
  if (onboarding !== undefined) return onboarding;
  throw new Refusal(404, 'onboardingUnknown', 'Nothing is being connected here in this browser. Open the link you were sent.');
}

async function progress(visit: Visit): Promise<WebResponse> {
  const { ports, browser, signal } = visit;
  const onboarding = await theirs(visit);
  const written = onboarding.done.tenant !== undefined && onboarding.tenantId !== undefined;
  const tenant = written ? (await ports.tenants.find(onboarding.tenantId, signal))?.tenant : undefined;
  const shown = tenant === undefined ? [] : await integrationsView(ports.collect, tenant, signal);
  const ticked = shown.filter(({ id }) => Object.hasOwn(integrations, id) && onboarding.integrations.includes(id));
  const { providerName } = ports;
  return page(progressPage({ providerName, onboarding, browser, integrations: ticked, clientId: tenant?.clientId }));
}

async function again(visit: Visit): Promise<WebResponse> {
  return redirect(await askAgain(visit.ports, await theirs(visit), visit.signal));
}

async function retry(visit: Visit): Promise<WebResponse> {
  const { ports, signal } = visit;
  const { id } = await theirs(visit);
  const stepSince = ports.clock.now().toISOString();
  await changeOnboarding(
    ports,
    id,
    (row) => (row.step === undefined || isPersonal(row.step) ? undefined : { ...without(row, 'stopped'), stepSince }),
    signal,
  );
  await ports.onboardingQueue.send(id, 0, signal);
  return redirect(`/onboarding/${id}`);
}
