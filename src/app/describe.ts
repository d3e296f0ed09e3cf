import type { Failure, FailureKind } from '../domain/failure';
import { actionCodes } from './actionCodes';
import { credentialCodes } from './credentialCodes';

/** A failure in plain words: what is wrong, with Microsoft's code at the end, and what to do next. */
export interface FailureText {
  readonly title: string;
  readonly nextStep: string;
}

const nothing = 'Nothing to do: it is tried again by itself.';
const report = 'This is a fault of the connector. Update it, and report the code if it stays.';
const newSecret =
  'Create a new client secret for the application in the Entra admin center, and give its Value: npm run tenant -- credential set TENANT.';
const consentAgain = "Have an administrator of the tenant grant the application's permissions, then it starts by itself.";
const askPolicy = 'Ask an administrator of the tenant to let the application sign in, then it starts by itself.';
const hidden = 'Everything else is still collected.';

type TextOf<Kind extends FailureKind> = (failure: Extract<Failure, { kind: Kind }>) => FailureText;

/** What each kind of failure says unless its code has words of its own. */
const byKind: { readonly [Kind in FailureKind]: TextOf<Kind> } = {
  throttled: ({ retryAfterMs }) => ({
    title: 'Microsoft asks us to slow down.',
    nextStep:
      retryAfterMs === undefined
        ? 'Nothing to do: it goes on by itself.'
        : `Nothing to do: it goes on by itself in about ${waitText(retryAfterMs)}.`,
  }),
  unavailable: () => ({ title: 'Microsoft does not answer, or not completely.', nextStep: nothing }),
  unexpectedResponse: ({ detail }) => ({
    title: withDetail('Microsoft answers with something unexpected', detail),
    nextStep: nothing,
  }),
  unauthorized: () => ({
    title: 'Microsoft does not accept a token that it has just issued.',
    nextStep: 'A new one is fetched by itself. If this stays for an hour, grant the permissions again.',
  }),
  credentialRejected: () => ({ title: 'Microsoft refuses the credential of the application.', nextStep: newSecret }),
  credentialMissing: ({ detail }) => ({
    title: `There is no client secret under the name ${detail} in the key vault.`,
    nextStep: 'Add the tenant again with the value of a client secret.',
  }),
  consentMissing: () => ({ title: 'The tenant has not given consent to the application yet.', nextStep: consentAgain }),
  permissionMissing: ({ permission }) => ({
    title: `The application lacks a permission: ${permission}.`,
    nextStep: 'Have an administrator of the tenant grant it and give admin consent, then it starts by itself.',
  }),
  serviceMissing: ({ detail }) => ({
    title: `The tenant does not have this service: ${detail}.`,
    nextStep: 'Check the licences of the tenant. If the service is not wanted, leave this integration out.',
  }),
  tenantUnknown: () => ({
    title: 'Microsoft does not know this tenant in this cloud.',
    nextStep:
      'Check the tenant id and the cloud: Entra admin center, Overview, Tenant ID. If the organisation is gone, remove the tenant.',
  }),
  tenantMismatch: () => ({
    title: 'A token was issued for another tenant than the one asked for, so it was not used.',
    nextStep: 'Check the tenant id and the application id of this tenant, and add it again.',
  }),
  blockedByPolicy: () => ({ title: 'A rule of the tenant keeps the application from signing in.', nextStep: askPolicy }),
  proofRefused: ({ detail }) => ({
    title: withDetail('What came back from Microsoft does not prove who signed in, so it was not used', detail),
    nextStep: 'Begin again from the link. If this stays, report the code.',
  }),
  replicating: () => ({
    title: "What was just made in Microsoft's directory is not visible everywhere yet.",
    nextStep: 'Nothing to do: it takes seconds, sometimes some minutes.',
  }),
  auditOff: () => ({
    title:
      'Unified audit logging is off in this tenant, or it has no Microsoft 365 service, so Microsoft has nothing to hand over.',
    nextStep:
      'Turn it on in the Purview portal; the first records follow within a few hours, sometimes a day. We check every 10 minutes.',
  }),
  notLicensed: ({ detail }) => ({
    title: withDetail('The tenant has no licence for this', detail),
    nextStep: 'Nothing to do. When the licence is there, it starts by itself within a day, and takes what Microsoft still holds.',
  }),
  notProvisioned: ({ detail }) => ({
    title: withDetail('The tenant has the licence, but the service was never set up', detail),
    nextStep: 'Have an administrator of the tenant open the portal of the service once; it then starts by itself within a day.',
  }),
  notInThisCloud: () => ({
    title: 'This does not exist in the cloud of the tenant.',
    nextStep: 'Nothing to do: it is looked at again every day.',
  }),
  chainForgotten: () => ({
    title: 'Microsoft no longer knows where the last reading of the changes ended.',
    nextStep: 'Nothing to do: everything is read again, and what changed meanwhile is sent.',
  }),
  subscriptionMissing: () => ({
    title: 'The subscription to this content is not on yet.',
    nextStep: 'Nothing to do: it is started by itself, at most every 15 minutes.',
  }),
  subscriptionDisabled: ({ by }) => ({
    title: `The subscription to this content was switched off by ${by}.`,
    nextStep:
      'Find out why. To switch it on again, remove the tenant and add it again. What Microsoft makes available until then is lost.',
  }),
  windowRefused: () => ({
    title: 'Microsoft refuses the span of time that was asked for.',
    nextStep: 'It is listed again by itself. If this stays, check the clock of the machine the connector runs on.',
  }),
  pageRefused: () => ({
    title: 'Microsoft lost its place in a list.',
    nextStep: 'Nothing to do: the list is read again from its start.',
  }),
  contentMissing: () => ({
    title: 'Microsoft lists this content but does not find it.',
    nextStep: 'Nothing to do: it is tried again until Microsoft drops it.',
  }),
  contentExpired: () => ({
    title: 'Microsoft no longer holds this content.',
    nextStep: `It is recorded as lost and cannot be fetched any more. ${hidden}`,
  }),
  refusedUrl: ({ detail }) => ({
    title: withDetail('Microsoft gave an address that no token may go to, so it was not used', detail),
    nextStep: `Report it: it is a fault at Microsoft, or an attack. ${hidden}`,
  }),
  hubBusy: () => ({
    title: 'Event Hubs takes no more events at the moment.',
    nextStep: 'Nothing to do: it is tried again by itself. If this stays, give the namespace more throughput units.',
  }),
  hubRefused: ({ hub }) => ({
    title: `Event Hubs refuses events for the hub ${hub}.`,
    nextStep: 'Check that the hub exists and that the connector has the role Azure Event Hubs Data Sender.',
  }),
  storeUnavailable: () => ({ title: 'The storage of the connector does not answer.', nextStep: nothing }),
  conflict: () => ({ title: 'Another run has taken over.', nextStep: 'Nothing to do.' }),
  cancelled: () => ({ title: 'The run was ended before its work was.', nextStep: 'Nothing to do: the next one goes on.' }),
  actionRefused: ({ detail }) => ({
    title: withDetail('The action cannot be done', detail),
    nextStep: 'Look at the target in the portal of Microsoft.',
  }),
  rejectedRequest: ({ detail }) => ({ title: withDetail('Microsoft does not accept a request', detail), nextStep: report }),
};

/** Words for single codes; a part that is left out is the one of the kind. Codes of the Management Activity API and of the login service (AADSTS). */
const byCode: Readonly<Record<string, Partial<FailureText>>> = {
  ...actionCodes,
  ...credentialCodes,
  AF10001: {
    title: 'The application lacks the permission ActivityFeed.Read, or it was granted only a moment ago.',
    nextStep: 'Grant it and give admin consent. A permission that was just granted takes effect within the hour.',
  },
  AF20001: { title: 'Microsoft misses a parameter in a request.' },
  AF20002: { title: 'Microsoft finds a parameter of the wrong type in a request.' },
  AF20003: { title: 'Microsoft finds an expiration in the past in a request.' },
  AF20010: { title: 'The tenant in the address is not the tenant of the token, so Microsoft refuses it.', nextStep: report },
  AF20011: {
    title:
      'Unified audit logging is off in this tenant, or was turned on less than a few hours ago, so Microsoft has nothing to hand over.',
  },
  AF20012: {
    title: 'Microsoft says that this tenant is not set up correctly on its side.',
    nextStep: 'Have an administrator of the tenant open a support request with Microsoft and name the code.',
  },
  AF20013: { title: 'Microsoft does not take the tenant id for a GUID.' },
  AF20020: { title: 'Microsoft does not know this content type.' },
  AF20021: { title: 'Microsoft could not confirm a webhook, although none is used.' },
  AF20022: { title: 'There is no subscription to this content.' },
  AF20023: {
    nextStep:
      'Find out why with an administrator. To switch it on again, remove the tenant and add it again. What Microsoft makes available until then is lost.',
  },
  AF20024: { title: 'The subscription is on already.', nextStep: 'Nothing to do.' },
  AF20030: { title: 'Microsoft refuses the span of time that was asked for: longer than 24 hours, or more than 7 days ago.' },
  AF20031: { title: 'Microsoft no longer knows the next page of a list.' },
  AF20050: { title: 'Microsoft lists this content but says that it does not exist.' },
  AF20051: { title: 'Microsoft no longer holds this content: it is older than 7 days.' },
  AF20052: { title: 'Microsoft does not accept the address of a content that it gave itself.', nextStep: nothing },
  AF20053: { title: 'Microsoft finds more than one language in a request.' },
  AF20054: { title: 'Microsoft cannot read the language in a request.' },
  AF20055: {
    title: 'Microsoft refuses the span of time that was asked for: backwards, longer than 24 hours, or more than 7 days ago.',
  },
  AF429: { title: 'Microsoft asks us to slow down: too many requests for this tenant.' },
  AF50000: { title: 'Microsoft reports a fault on its own side.' },
  AADSTS7000215: {
    title: 'Microsoft refuses the client secret: the value is wrong.',
    nextStep:
      "Add the tenant again with the secret's Value, not its ID. Azure shows the Value once, right after you create the secret. A new secret takes about a minute to work.",
  },
  AADSTS7000222: { title: 'Microsoft refuses the client secret: it has expired.', nextStep: newSecret },
  AADSTS700016: {
    title: 'The application is not known in this tenant.',
    nextStep: 'Check the application id and the cloud. If they are right, have an administrator of the tenant give consent.',
  },
  AADSTS65001: { title: 'The tenant has not given consent to the application, or has taken it back.' },
  AADSTS7000112: {
    title: 'The application is disabled in this tenant.',
    nextStep:
      'Have an administrator enable it: Entra admin center, Enterprise applications, Properties, Enabled for users to sign in.',
  },
  AADSTS70001: {
    title: 'The application is disabled or not supported in this tenant.',
    nextStep:
      'Have an administrator enable it: Entra admin center, Enterprise applications, Properties, Enabled for users to sign in.',
  },
  AADSTS50105: {
    title: 'The application must be assigned before it may sign in, and it is not.',
    nextStep: 'Have an administrator assign it, or turn "Assignment required" off in its properties.',
  },
  AADSTS53003: {
    title: 'Conditional Access blocks the application.',
    nextStep: 'Have an administrator of the tenant exclude it, or allow the addresses it comes from.',
  },
  AADSTS500014: {
    title: 'The service behind this API is disabled in the tenant, often because a subscription has lapsed.',
    nextStep: 'Renew the licence, or have an administrator enable Office 365 Management APIs under Enterprise applications.',
  },
  AADSTS500011: {
    title: 'The tenant does not have the service behind this API, or is in another cloud.',
    nextStep: 'Check the cloud of the tenant, and that it has a Microsoft 365 subscription.',
  },
  AADSTS650052: {
    title: 'The tenant has no subscription to the service behind this API.',
    nextStep: 'Add a licence for it, or leave this integration out.',
  },
  AADSTS90002: { title: 'Microsoft does not know this tenant: it is misspelt, deleted, or in another cloud.' },
  AADSTS50196: { title: 'Microsoft sees the same login too often and blocks it for some minutes.' },
  startedRecently: {
    title: 'The subscription was started and does not show yet.',
    nextStep: 'Nothing to do: Microsoft takes some minutes. It is started again after 15 minutes.',
  },
  cloudNotConfigured: {
    title: 'The cloud of this tenant is not set up in this connector.',
    nextStep: 'Add the addresses of the custom cloud to the settings, or add the tenant again with another cloud.',
  },
};

/** Says a failure in one plain sentence and what to do next in another; codes that help a person have words of their own. */
export function describeFailure(failure: Failure): FailureText {
  // The table has for each kind the function that takes it, which the compiler cannot follow through the union.
  const general = (byKind[failure.kind] as (of: Failure) => FailureText)(failure);
  const special = Object.hasOwn(byCode, failure.code) ? byCode[failure.code] : undefined;
  const { title, nextStep } = { ...general, ...special };
  return { title: failure.code === '' ? title : `${title} [${failure.code}]`, nextStep };
}

/** The codes that have words of their own. */
export const describedCodes: readonly string[] = Object.keys(byCode);

function withDetail(title: string, detail: string): string {
  return detail === '' ? `${title}.` : `${title}. ${detail}`;
}

function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  if (seconds < 90) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}
