import { describeStop } from '../app/describeSignIn';
import type { IntegrationView } from '../app/integrationsView';
import { stepsOf } from '../domain/onboarding';
import type { Onboarding, OnboardingStep } from '../domain/onboarding';
import { html } from './html';
import type { Html } from './html';
import { neverCameBack } from './neverCameBack';
import { buttonForm, count, layout, moment, stateChip } from './layout';

interface StepText {
  readonly title: string;
  readonly usual: string;
}

const stepTexts: Readonly<Record<OnboardingStep, StepText>> = {
  signIn: { title: 'You sign in', usual: 'At Microsoft, in this browser.' },
  consent: { title: 'You accept the permissions', usual: 'At Microsoft, in this browser.' },
  application: { title: 'An application is made in your tenant', usual: 'A few seconds.' },
  servicePrincipal: { title: 'The application is entered in your organisation', usual: 'A few seconds, sometimes a minute.' },
  grants: { title: 'It is granted exactly the permissions of what you ticked', usual: 'A few seconds, sometimes a minute.' },
  password: { title: 'It gets a key, which goes to a key vault', usual: 'A few seconds.' },
  login: {
    title: 'The connector signs in and checks its permissions',
    usual: 'Seconds, sometimes some minutes: Microsoft spreads them first.',
  },
  tenant: { title: 'Your organisation is entered', usual: 'A moment.' },
  sources: { title: 'Collecting is started', usual: 'A moment.' },
  cleanUp: { title: 'The rights you lent are given back', usual: 'A moment.' },
  firstRecords: {
    title: 'The first records are fetched',
    usual: 'Less than a minute as a rule; Microsoft may take up to 12 hours for the very first.',
  },
};

interface ProgressParts {
  readonly providerName: string;
  readonly onboarding: Onboarding;
  readonly browser: string;
  /** Once the tenant is there: how its integrations are. */
  readonly integrations: readonly IntegrationView[];
  readonly clientId: string | undefined;
}

/** Where an onboarding stands: step by step while it is under way, then what is connected. Shown again and again by itself. */
export function progressPage(parts: ProgressParts): Html {
  return parts.onboarding.step === undefined ? connectedPage(parts) : underWayPage(parts, parts.onboarding.step);
}

function underWayPage({ onboarding, browser, providerName, integrations }: ProgressParts, step: OnboardingStep): Html {
  const { id, customer, stopped, way } = onboarding;
  const personal = step === 'signIn' || step === 'consent';
  const words = stopped === undefined ? undefined : describeStop(stopped);
  const steps = stepsOf(way);
  const headline =
    words !== undefined ? 'This needs you' : personal ? 'Microsoft is waiting for you' : `Connecting ${customer} …`;
  const button =
    step === 'consent' ? 'Go to Microsoft and accept' : personal ? 'Go to Microsoft and sign in' : 'Go to Microsoft again';
  const withMicrosoft = way === 'adminConsent' || way === 'provision';
  return layout(
    { title: `${headline} · ${customer}`, providerName, ...(personal ? {} : { renew: 2 }) },
    html`<h1>${headline}</h1>
      ${
        words === undefined
          ? html`<p class="lead" aria-live="polite">
              ${personal ? 'It takes a minute. You come back here by yourself.' : `Step ${steps.indexOf(step) + 1} of ${steps.length}: ${stepTexts[step].title.toLowerCase()}.`}
            </p>`
          : html`<div class="note bad" role="alert">
              <h2>${words.title}</h2>
              <p>${words.nextStep}</p>
            </div>`
      }
      ${
        (personal || words !== undefined) &&
        html`<div class="actions">
          ${withMicrosoft && buttonForm(browser, `/onboarding/${id}/again`, button)}
          ${words !== undefined && !personal && buttonForm(browser, `/onboarding/${id}/retry`, 'Check again now', 'second')}
        </div>`
      }
      ${personal && words === undefined && neverCameBack}
      <ol class="steps">
        ${steps.map((each) => stepItem(each, onboarding, step))}
      </ol>
      ${integrations.length > 0 && integrationsTable(integrations)}
      <p class="quiet small">You can close this page: it goes on by itself, and opens again here in this browser.</p>`,
  );
}

function stepItem(step: OnboardingStep, { done, stopped, waiting, way }: Onboarding, present: OnboardingStep): Html {
  const steps = stepsOf(way);
  const { title, usual } = stepTexts[step];
  const at = done[step];
  const state =
    steps.indexOf(step) < steps.indexOf(present)
      ? 'done'
      : step === present
        ? stopped === undefined
          ? 'now'
          : 'stopped'
        : 'ahead';
  const marks = { done: '✓', now: '…', stopped: '!', ahead: String(steps.indexOf(step) + 1) };
  const told = { done: 'done', now: 'under way', stopped: 'needs you', ahead: 'to come' };
  return html`<li class="${state}" ${step === present ? html`aria-current="step"` : ''}>
    <span class="mark" aria-hidden="true">${marks[state]}</span>
    <div>
      <h2>${title}<span class="hidden">, ${told[state]}</span></h2>
      ${state === 'now' && html`<p>${waiting ?? usual}</p>`} ${state === 'done' && at !== undefined && html`<p>${moment(at)}</p>`}
    </div>
  </li>`;
}

function connectedPage({ onboarding, providerName, integrations, clientId }: ProgressParts): Html {
  const { customer } = onboarding;
  const records = integrations.reduce((sum, one) => sum + one.records, 0);
  const leftOut = integrations.flatMap((one) => one.leftOut);
  return layout(
    { title: `${customer} is connected`, providerName, renew: 5 },
    html`<h1>${customer} is connected</h1>
      <p class="lead" aria-live="polite">
        ${
          records > 0
            ? `${count(records)} records have arrived so far. There is nothing more to do.`
            : 'There is nothing more to do. Microsoft may take up to 12 hours to hand over the very first records.'
        }
      </p>
      ${integrationsTable(integrations)}
      <h2>What your licence leaves out</h2>
      <p>
        ${
          integrations.some(isBeingFoundOut)
            ? `${leftOut.length === 0 ? '' : `So far: ${leftOut.join(', ')}. `}We are finding it out: a minute or two.`
            : leftOut.length === 0
              ? 'Nothing of what you ticked. Should a licence change, it is noticed within a day.'
              : `${leftOut.join(', ')}. They start by themselves if a licence brings them.`
        }
      </p>
      <h2>Where to find it, and how to undo it</h2>
      <p>
        Entra admin center, <strong>Enterprise applications</strong>,
        ${onboarding.way === 'managedIdentity' ? 'application type Managed identities' : 'all applications'}, search for
        ${clientId === undefined ? 'the application' : html`<code>${clientId}</code>`}.
        ${onboarding.way === 'managedIdentity' ? 'Taking its permissions back there ends the collecting within a day.' : 'Deleting it there ends the collecting at once.'}
        Nothing is left behind in your tenant.
      </p>
      <p class="quiet small">You can close this page.</p>`,
  );
}

/** What the licence has is known once every source was looked at. */
function isBeingFoundOut({ sources }: IntegrationView): boolean {
  return sources.some(({ state, verdict }) => verdict === undefined && (state === 'waiting' || state === 'notRunYet'));
}

/** How each integration is, in words. */
function integrationsTable(integrations: readonly IntegrationView[]): Html {
  return html`<table class="stack">
    <caption class="hidden">
      What is collected
    </caption>
    <thead>
      <tr>
        <th scope="col">Integration</th>
        <th scope="col">State</th>
        <th scope="col" class="number">Records, 24 h</th>
        <th scope="col">Why, and what to do</th>
      </tr>
    </thead>
    <tbody>
      ${integrations.map(
        ({ title, state, since, why, nextStep, records }) =>
          html`<tr>
            <th scope="row">${title}</th>
            <td>${stateChip(state)}${since !== undefined && html`<p class="quiet small">since ${moment(since)}</p>`}</td>
            <td class="number" data-label="Records, 24 h">${count(records)}</td>
            <td>
              <p>${why}</p>
              ${nextStep !== 'Nothing to do.' && html`<p class="quiet">${nextStep}</p>`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
