import { html } from './html';

/** What to check when Microsoft shows an error of its own, from which nobody is sent back. */
export const neverCameBack = html`<details id="not-back" class="card">
  <summary>Microsoft showed an error and did not bring you back?</summary>
  <ul>
    <li>Did you choose a work account of the organisation that is to be connected?</li>
    <li>May the account consent? It needs the role Global Administrator or Privileged Role Administrator.</li>
    <li>Is there a code such as AADSTS50011 on Microsoft’s page? Send it to whoever sent you the link.</li>
    <li>Otherwise go to Microsoft again, in a private window if another account keeps signing in by itself.</li>
  </ul>
</details>`;
