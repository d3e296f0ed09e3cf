import type { FoundTarget } from '../app/actPorts';
import type { viewKinds } from '../app/actionView';
import { approvalTexts, warningTexts } from '../app/describeAction';
import type { RequestedAction } from '../app/requestAction';
import type { TargetKind } from '../domain/action';
import type { ActionRow } from '../domain/actionRow';
import type { Tenant } from '../domain/tenant';
import { actionsTable } from './actionPage';
import { html } from './html';
import type { Html } from './html';
import { layout, moment, tokenField } from './layout';

/** A kind of action as the page offers it. */
type OfferedKind = Awaited<ReturnType<typeof viewKinds>>[number];

interface Told {
  readonly good: boolean;
  readonly title: string;
  readonly text: string;
}

interface RespondParts {
  readonly providerName: string;
  readonly browser: string;
  readonly tenant: Tenant;
  readonly mode: 'off' | 'dryRun' | 'on';
  readonly told?: Told | undefined;
}

/** What was looked for and found. */
interface SearchParts extends RespondParts {
  readonly kind: TargetKind;
  readonly name: string;
  readonly found: readonly FoundTarget[] | undefined;
  readonly recent: readonly ActionRow[];
  readonly kinds: readonly OfferedKind[];
  /** Where an administrator of the tenant consents to the response application. */
  readonly consentUrl: string | undefined;
}

const modeTexts: Readonly<Record<RespondParts['mode'], string>> = {
  on: '',
  dryRun: 'Only dry runs are allowed here: nothing is sent. The setting RESPONSE_ACTIONS says so.',
  off: 'Actions are switched off here: nothing is sent. The setting RESPONSE_ACTIONS says so.',
};

function notes({ mode, told }: RespondParts): Html {
  return html`${mode !== 'on' && html`<div class="note" role="status"><p>${modeTexts[mode]}</p></div>`}
  ${
    told !== undefined &&
    html`<div class="note ${told.good ? 'good' : 'bad'}" role="${told.good ? 'status' : 'alert'}">
      <h2>${told.title}</h2>
      <p>${told.text}</p>
    </div>`
  }`;
}

/** Looks for a user or device by name, and shows what was done in the tenant before. */
export function respondPage(parts: SearchParts): Html {
  const { tenant, kind, name, found, recent, providerName } = parts;
  return layout(
    { title: `Act in ${tenant.name}`, operator: true, providerName },
    html`<h1>Act on a user or device of ${tenant.name}</h1>
      <p class="lead">Look it up by the beginning of its name. Nothing is done before you have chosen an action and said why.</p>
      ${notes(parts)} ${availability(parts)}
      <form method="get" action="/tenants/${tenant.id}/respond" class="card">
        <div class="field">
          <label for="name">Name</label>
          <input id="name" name="name" required minlength="2" maxlength="100" value="${name}" autocomplete="off" />
        </div>
        <div class="actions">
          <button type="submit" name="kind" value="user" class="${kind === 'user' ? '' : 'second'}">Find users</button>
          <button type="submit" name="kind" value="device" class="${kind === 'device' ? '' : 'second'}">Find devices</button>
        </div>
      </form>
      ${found !== undefined && results(parts, found)}
      <h2>Actions in this tenant</h2>
      ${actionsTable(recent, false)}`,
  );
}

function availability({ kinds, consentUrl }: SearchParts): Html | undefined {
  const missing = kinds.filter((kind) => kind.unavailable !== undefined);
  if (missing.length === 0) return undefined;
  return html`<details id="missing" class="card" ${missing.length === kinds.length ? html`open` : ''}>
    <summary>${missing.length} of ${kinds.length} actions are not available for this tenant</summary>
    <ul>
      ${missing.map(({ title, unavailable }) => html`<li><strong>${title}</strong>: ${unavailable?.title} ${unavailable?.nextStep}</li>`)}
    </ul>
    ${
      consentUrl !== undefined &&
      html`<p>An administrator of the tenant gives consent to the response application here:</p>
        <pre id="consent" tabindex="0">${consentUrl}</pre>
        <div class="actions"><button type="button" data-copy="consent" hidden>Copy the link</button></div>`
    }
  </details>`;
}

function results({ tenant, kind }: SearchParts, found: readonly FoundTarget[]): Html {
  if (found.length === 0) return html`<p>Nothing was found. Try the beginning of another part of the name.</p>`;
  return html`<h2>Found</h2>
    <table class="stack">
      <caption class="hidden">
        What was found, with the newest alerts about it
      </caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Alerts</th>
          <th scope="col"><span class="hidden">Choose</span></th>
        </tr>
      </thead>
      <tbody>
        ${found.map(
          ({ id, name, detail, alerts }) =>
            html`<tr>
              <th scope="row">${name}<br /><code class="quiet small">${id}</code></th>
              <td>${detail}</td>
              <td>
                ${
                  alerts.length === 0
                    ? html`<span class="quiet">none</span>`
                    : html`<ul>
                        ${alerts.map(({ title, severity, at }) => html`<li>${title} <span class="quiet">(${severity}, ${moment(at)})</span></li>`)}
                      </ul>`
                }
              </td>
              <td><a class="button" href="/tenants/${tenant.id}/respond/${kind}/${id}">Choose an action</a></td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

interface ChooseParts extends RespondParts {
  readonly kind: TargetKind;
  readonly targetId: string;
  readonly name: string;
  readonly kinds: readonly OfferedKind[];
  readonly reason: string;
  readonly chosen: string;
  /** A new idempotency key: sent twice, the form is one request. */
  readonly key: string;
}

/** Chooses an action for one target, with a reason. */
export function chooseActionPage(parts: ChooseParts): Html {
  const { tenant, browser, kind, targetId, name, kinds, reason, chosen, key, providerName } = parts;
  const offered = kinds.filter((one) => one.targetKind === kind);
  return layout(
    { title: `Act on ${name}`, operator: true, providerName },
    html`<h1>${name}</h1>
      <p class="quiet"><code>${targetId}</code> in ${tenant.name}</p>
      ${notes(parts)}
      <form method="post" action="/tenants/${tenant.id}/respond/${kind}/${targetId}" autocomplete="off">
        ${tokenField(browser)}
        <input type="hidden" name="key" value="${key}" />
        <fieldset>
          <legend>What is to be done?</legend>
          ${offered.flatMap((one) => (one.choices.length === 0 ? [''] : one.choices).map((choice) => option(one, choice, chosen)))}
        </fieldset>
        <div class="field">
          <label for="reason">Why?</label>
          <p class="quiet" id="reason-help">Stands in the audit, and in what Microsoft shows about the action.</p>
          <input id="reason" name="reason" required maxlength="500" aria-describedby="reason-help" value="${reason}" />
        </div>
        <div class="actions">
          <button type="submit" name="dryRun" value="true" class="second">Say what would be done</button>
          <button type="submit" name="dryRun" value="false" class="danger">Do it</button>
          <a class="button second" href="/tenants/${tenant.id}/respond">Look for another</a>
        </div>
      </form>`,
  );
}

function option(kind: OfferedKind, choice: string, chosen: string): Html {
  const { id, title, done, cannot, verified, needsApproval, unavailable } = kind;
  const value = choice === '' ? id : `${id} ${choice}`;
  const field = `a-${id}-${choice}`;
  const off = unavailable !== undefined;
  return html`<div class="choice">
    <input
      type="radio"
      id="${field}"
      name="action"
      value="${value}"
      required
      ${off ? html`disabled` : ''}
      ${value === chosen ? html`checked` : ''}
    />
    <div>
      <label for="${field}">${title}${choice !== '' && ` (${choice})`}</label>
      <p class="quiet">${done} ${needsApproval && 'Another person has to approve it.'}</p>
      ${off && html`<p>${unavailable.title} ${unavailable.nextStep}</p>`}
      <details>
        <summary>What it can and cannot promise</summary>
        <p>${verified}</p>
        <p>${cannot}</p>
      </details>
    </div>
  </div>`;
}

/** What a dry run says. */
export function dryRunText({ report, steps, approval }: Extract<RequestedAction, { dryRun: true }>): string {
  const causes = approval.map((cause) => approvalTexts[cause]);
  const parts = [
    `On ${report.target.name} (${report.state}): ${steps.join(', then ')}.`,
    ...(report.roles.length === 0 ? [] : [`It is an administrator: ${report.roles.join(', ')}.`]),
    ...report.warnings.map((warning) => warningTexts[warning]),
    causes.length === 0 ? 'Nobody else has to agree.' : `Another person has to approve it, because ${causes.join(', and ')}.`,
    'Nothing was sent.',
  ];
  return parts.join(' ');
}
