import type { Change } from '../domain/onboarding';
import { html } from './html';
import type { Html } from './html';
import { moment } from './layout';

const changeTexts: Readonly<Record<string, string>> = {
  onboarded: 'Connected',
  changed: 'Integrations changed',
  invited: 'Invited',
  paused: 'Paused',
  resumed: 'Resumed',
  synced: 'Collected on request',
  tested: 'Test record sent',
  removed: 'Removed',
  consentAsked: 'Consent link made',
  rotationAsked: 'Renewal of the credential asked for',
  credentialGiven: 'Credential given',
  assessmentAsked: 'Assessment asked for',
  denied: 'Not allowed',
  tenantMismatch: 'Consent for another tenant refused',
};

/** Who did what, newest first. */
export function history(changes: readonly Change[]): Html {
  return html`<h2 id="history">History</h2>
    ${
      changes.length === 0
        ? html`<p class="quiet">Nothing was changed yet.</p>`
        : html`<table class="stack">
            <caption class="hidden">
              Changes, newest first
            </caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col">Detail</th>
                <th scope="col">Who</th>
              </tr>
            </thead>
            <tbody>
              ${changes.map(
                ({ at, what, detail, who, outcome }) =>
                  html`<tr>
                    <td>${moment(at)}</td>
                    <th scope="row">
                      ${changeTexts[what] ?? what}${outcome !== undefined && outcome !== 'done' && html` <span class="quiet">(${outcome})</span>`}
                    </th>
                    <td class="${detail === undefined ? 'empty' : ''}">${detail}</td>
                    <td class="quiet small">${who}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;
}
