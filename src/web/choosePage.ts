import { permissionsOf, renewalPermission } from '../app/permissions';
import { integrations } from '../domain/integration';
import type { IntegrationId } from '../domain/integration';
import type { Invitation, Way } from '../domain/onboarding';
import { apiTitles } from '../domain/resource';
import type { Permission, Source } from '../domain/source';
import { html } from './html';
import type { Html } from './html';
import { layout, tokenField } from './layout';
import { neverCameBack } from './neverCameBack';

const ids = Object.keys(integrations) as IntegrationId[];

/** What a person gave, to be shown again when something is wrong with it. */
export interface Given {
  readonly integrations: readonly IntegrationId[] | undefined;
  readonly way: Way | undefined;
  readonly tenant?: string | undefined;
  readonly clientId?: string | undefined;
  readonly renewsItself?: boolean | undefined;
}

interface ChooseParts {
  readonly providerName: string;
  readonly invitation: Invitation;
  readonly token: string;
  readonly browser: string;
  readonly sources: readonly Source[];
  readonly offered: readonly Way[];
  readonly given: Given;
  readonly wrong?: { readonly title: string; readonly nextStep: string } | undefined;
}

interface WayText {
  readonly label: (providerName: string) => string;
  readonly text: string;
}

const wayTexts: Readonly<Record<Way, WayText>> = {
  adminConsent: {
    label: (providerName) => `Consent to the application of ${providerName}`,
    text: "The quickest way: sign in and accept. No password or key changes hands. Microsoft's page names every reading permission the application knows; only what you tick here is collected.",
  },
  provision: {
    label: () => 'Have an application made in your own tenant',
    text: 'With exactly the permissions of what you tick. You lend us the right to make it while you watch; that right is given back as soon as it is made.',
  },
  ownApplication: {
    label: () => 'Use an application you have made yourself',
    text: 'You know its client id and a secret or certificate. The next page has the steps and the permissions, ready to copy.',
  },
  managedIdentity: {
    label: () => 'Let the connector sign in as itself',
    text: 'For your own organisation, in which the connector lives. No application and no secret: the next page shows the one command that assigns the permissions.',
  },
};

/** The first page of an invitation: who asks, what is read, what never is, how to undo it; then what and how. */
export function choosePage(parts: ChooseParts): Html {
  const { invitation, token, browser, sources, offered, given, providerName, wrong } = parts;
  return layout(
    { title: `Connect ${invitation.customer}`, providerName },
    html`<h1>Connect ${invitation.customer}</h1>
      <p class="lead">
        ${providerName} asks to read the security records of your organisation’s Microsoft 365, so that its security team can
        watch over it. It takes about two minutes.
      </p>
      ${wrong !== undefined && warning(wrong)}
      <dl class="facts card">
        <dt>Is read</dt>
        <dd>What you tick below, and nothing else.</dd>
        <dt>Is never read</dt>
        <dd>Mails, files and chats themselves. Their names and subjects are part of the records about them.</dd>
        <dt>Is changed</dt>
        <dd>Nothing of yours: these permissions only read.</dd>
        <dt>Costs you</dt>
        <dd>Nothing. What your licence does not have is left out by itself.</dd>
        <dt>To undo it</dt>
        <dd>Delete the application in the Entra admin center, under Enterprise applications. It ends at once.</dd>
      </dl>
      <form method="post" action="/onboard/${token}">
        ${tokenField(browser)}
        <fieldset>
          <legend>What may be read?</legend>
          ${ids.map((id) => integrationChoice(id, sources, given.integrations?.includes(id) ?? true))}
        </fieldset>
        <fieldset>
          <legend>How shall it be connected?</legend>
          ${offered.map((way, index) => wayChoice(way, providerName, given.way === undefined ? index === 0 : given.way === way, given.renewsItself ?? true))}
        </fieldset>
        <div class="actions">
          <button type="submit">Continue</button><span class="quiet small">You need an administrator’s account.</span>
        </div>
      </form>
      ${neverCameBack}`,
  );
}

/** What is wrong with what was given, and what to do. */
export function warning({ title, nextStep }: { readonly title: string; readonly nextStep: string }): Html {
  return html`<div class="note bad" role="alert">
    <h2>${title}</h2>
    <p>${nextStep}</p>
  </div>`;
}

function integrationChoice(id: IntegrationId, sources: readonly Source[], checked: boolean): Html {
  const { title, collects } = integrations[id];
  const needed = permissionsOf([id], sources);
  return html`<div class="choice">
    <input
      type="checkbox"
      id="i-${id}"
      name="integration"
      value="${id}"
      ${checked ? html`checked` : ''}
      aria-describedby="i-${id}-text"
    />
    <label for="i-${id}">${title}</label>
    <div>
      <span id="i-${id}-text">${collects}.</span>
      ${needed.length === 0 ? html`<p class="quiet small">No permission of its own: it uses those of what else you tick.</p>` : permissionList(id, title, needed)}
    </div>
  </div>`;
}

function permissionList(id: IntegrationId, title: string, needed: readonly Permission[]): Html {
  return html`<details id="i-${id}-permissions">
    <summary>
      ${needed.length === 1 ? 'One permission' : `${needed.length} permissions`}<span class="hidden"> for ${title}</span>
    </summary>
    <ul class="plain small">
      ${needed.map(permissionLine)}
    </ul>
  </details>`;
}

function permissionLine({ api, role, why }: Permission): Html {
  return html`<li><code>${role}</code> of ${apiTitles[api]}: ${why}</li>`;
}

/** The one permission beyond reading: to renew its own key. It can be left out, and then somebody has to. */
function renewalChoice(checked: boolean): Html {
  const { role, why } = renewalPermission;
  return html`<p class="inner">
    <input
      type="checkbox"
      id="renewal"
      name="renewal"
      value="yes"
      ${checked ? html`checked` : ''}
      aria-describedby="renewal-text"
    />
    <label for="renewal">It may renew its own key</label>
    <span id="renewal-text" class="small"
      ><code>${role}</code>: ${why} Without it, somebody has to make a new key by hand before the old one expires.</span
    >
  </p>`;
}

function wayChoice(way: Way, providerName: string, checked: boolean, renews: boolean): Html {
  const { label, text } = wayTexts[way];
  return html`<div class="choice">
    <input
      type="radio"
      id="w-${way}"
      name="way"
      value="${way}"
      ${checked ? html`checked` : ''}
      aria-describedby="w-${way}-text"
    />
    <label for="w-${way}">${label(providerName)}</label>
    <div>
      <span id="w-${way}-text">${text}</span>
      ${way === 'provision' && renewalChoice(renews)}
    </div>
  </div>`;
}
