import { Breakages, controls } from './controls';
import type { ControlName } from './controls';
import type { Reply } from './reply';
import type { Service } from './service';
import type { TenantControl } from './tenant';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value: string): string => value.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const look = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:64rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.5rem .6rem .5rem 0;border-bottom:1px solid #8886;vertical-align:top}
button{font:inherit;padding:.35rem .8rem;border:1px solid;border-radius:.4rem;background:none;color:inherit;cursor:pointer}button.broken{border-style:dashed;font-weight:700}
.told{border-left:4px solid;padding:.5rem 1rem;overflow-wrap:anywhere}.scroll{overflow-x:auto}form{margin:0}`;

/** The words on the buttons: what is taken away, and what is given back. */
const verbs: Readonly<Record<ControlName, readonly [string, string]>> = {
  consent: ['Withdraw the consent', 'Give the consent back'],
  secret: ['Let the secret expire', 'Let it be valid again'],
  licence: ['Take the licence away', 'Give the licence back'],
  audit: ['Turn the audit log off', 'Turn the audit log on'],
};

const names = Object.keys(controls) as ControlName[];

/** The simulation's own page: every organisation, with buttons that break it and mend it. */
export class ControlPage {
  readonly #service: Service;
  readonly #breakages: Breakages;

  constructor(service: Service) {
    this.#service = service;
    this.#breakages = new Breakages(service);
  }

  /** Undefined for paths that are not of this page. */
  answer(method: string, target: string, origin: string | undefined, host: string | undefined): Reply | undefined {
    const { pathname } = new URL(target, 'http://simulation.invalid');
    if (pathname === '/' && method === 'GET') return page(this.#content());
    const [, tenantId = '', action = '', name = ''] =
      /^\/tenants\/([^/]+)\/(break|mend|secret|assign)(?:\/(\w+))?$/.exec(pathname) ?? [];
    if (action === '') return undefined;
    const control = this.#service.tenants.get(tenantId);
    const known = names.find((one) => one === name);
    // Pages of others must not press these buttons.
    if (method !== 'POST' || control === undefined || (origin !== undefined && origin !== `http://${host ?? ''}`))
      return page('<p>Not found.</p>', 404);
    if (action === 'secret') {
      const value = this.#breakages.newSecret(control);
      return page(
        this.#content(
          `A new secret of ${control.tenant.name}, shown once. Give it on the page of the tenant, under Credential: ${value}`,
        ),
      );
    }
    if (action === 'assign') {
      const assigned = this.#breakages.assignRoles();
      const words = assigned ? 'The permissions were assigned to the managed identity.' : 'They were assigned before.';
      return page(this.#content(`${words} Go on at the connector.`));
    }
    if (known === undefined) return page('<p>Not found.</p>', 404);
    if (action === 'break') this.#breakages.break(known, control);
    else this.#breakages.mend(known, control);
    const [did, undid] = verbs[known];
    return page(this.#content(`${control.tenant.name}: ${action === 'break' ? did : undid}. Done.`));
  }

  #content(told?: string): string {
    const tenants = [...this.#service.tenants.values()].sort(
      (a, b) => Number(b.tenant.prospect === true) - Number(a.tenant.prospect === true),
    );
    return `<h1>Simulated Microsoft 365</h1>
<p>Break an organisation, then watch the connector say what is wrong; mend it, and press “Collect now” on the page of the tenant if you do not want to wait.</p>
${told === undefined ? '' : `<p class="told" role="status">${text(told)}</p>`}
<div class="scroll" tabindex="0" role="region" aria-label="Organisations"><table>
<thead><tr><th scope="col">Organisation</th>${names.map((name) => `<th scope="col">${controls[name]}</th>`).join('')}<th scope="col">New secret</th></tr></thead>
<tbody>${tenants.map((control) => this.#row(control)).join('')}</tbody></table></div>`;
  }

  #row(control: TenantControl): string {
    const { tenantId, name, mood } = control.tenant;
    const trouble = ['busy', 'steady', 'quiet'].includes(mood) ? '' : `<br><small>from the start: ${mood}</small>`;
    const cells = names.map((each) => {
      const broken = this.#breakages.isBroken(each, control);
      const [did, undid] = verbs[each];
      return `<td>${button(`/tenants/${tenantId}/${broken ? 'mend' : 'break'}/${each}`, broken ? undid : did, name, broken)}</td>`;
    });
    const isHome = this.#service.identity.managed?.tenantId === tenantId;
    const assign = isHome ? button(`/tenants/${tenantId}/assign`, 'Run the command for the managed identity', name, false) : '';
    return `<tr><th scope="row">${text(name)}${trouble}${assign}</th>${cells.join('')}<td>${button(`/tenants/${tenantId}/secret`, 'Make one', name, false)}</td></tr>`;
  }
}

function button(action: string, label: string, of: string, broken: boolean): string {
  return `<form method="post" action="${action}"><button class="${broken ? 'broken' : ''}" aria-label="${text(`${label}: ${of}`)}">${label}</button></form>`;
}

function page(content: string, status = 200): Reply {
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Simulated Microsoft 365</title><style>${look}</style></head><body><main>${content}</main></body></html>`;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: Buffer.from(body) };
}
