import { createHash } from 'node:crypto';
import { assessNow } from '../../src/app/assess';
import { compose } from '../../src/composition';
import { coverageOf } from '../../src/app/heatMap';
import { lastDeliveries } from '../../src/app/lastDeliveries';
import { listTenants } from '../../src/app/tenantList';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, Visitor, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const customer = prospect(1);
const path = `/tenants/${customer.tenantId}`;
const host = { log: () => undefined };
let web: WebStack;
let visitor: Visitor;
beforeAll(async () => {
  web = await startWebStack([customer]);
  visitor = web.visitor();
  const { tenantId: tenant, clientId, secret } = customer;
  const choose = await visitor.get(await web.invitation('Contoso'));
  const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
  await web.advance(/[0-9a-f]{32}$/.exec((await visitor.submit(form, { tenant, clientId, secret })).url)?.[0] ?? '');
});
afterAll(async () => web.stop());

const tenantNow = async () => (await web.connector.tenantPorts.tenants.find(customer.tenantId, signal))?.tenant;
const post = async (action: string, fields: Readonly<Record<string, string>> | string = {}): Promise<Seen> => {
  const page = await visitor.get(path);
  if (typeof fields !== 'string') return visitor.submit(page, fields, `${path}/${action}`);
  const token = /name="formToken" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  return visitor.send('POST', `${path}/${action}`, { form: `formToken=${token}&${fields}` });
};
const listed = async () => {
  const [tenant] = await listTenants(web.connector.collectPorts, signal);
  if (tenant === undefined) throw new Error('There is no tenant.');
  return tenant;
};

/** Runs one source now, as the queue would, in a process of its own: it has no token of before, and its clock is the machine's. */
async function run(sourceId: string): Promise<void> {
  const row = await web.connector.tenantPorts.sourceRows.find(customer.tenantId, sourceId, signal);
  if (row === undefined) throw new Error(`There is no row of ${sourceId}.`);
  const worker = compose(web.stack.environment, { log: () => undefined });
  const entry = { tenantId: customer.tenantId, sourceId, ticket: row.ticket, dueAt: new Date().toISOString() };
  await worker.collect({ v: 1, entries: [entry] }, host);
  await worker.stop();
}

describe('the page of a tenant', () => {
  it('says what was delivered last, how much in the last hour, and how far behind it is', async () => {
    web.microsoft.publish(customer.tenantId, 'Audit.Exchange', ['{"Id":"a","CreationTime":"2026-11-22T10:00:00"}'], {
      contentCreated: new Date(web.clock.now().getTime() - 60_000),
    });
    // The first run turns the subscription on and lists.
    await run('activity.exchange');
    const tenant = await tenantNow();
    if (tenant === undefined) throw new Error('There is no tenant.');

    const coverage = await coverageOf(web.connector.collectPorts, tenant, 48, signal);
    const deliveries = await lastDeliveries(web.connector.collectPorts.ledger, coverage, 5, signal);
    const { recordsPerHour, lagSeconds, nextAction } = await listed();
    const page = await visitor.get(path);

    expect(deliveries).toMatchObject([{ source: 'activity.exchange', records: 1 }]);
    expect([recordsPerHour, nextAction]).toEqual([1, undefined]);
    expect(lagSeconds).toBeLessThan(600);
    expect(textOf(page)).toContain('Last 24 hours: 1 of 1 units delivered. Nothing missing.');
  });

  it('explains every gap in a sentence', async () => {
    await web.connector.collectPorts.coverage.recordGap(
      {
        scope: { tenantId: customer.tenantId, sourceId: 'activity.exchange' },
        ...{ from: new Date('2026-11-12T09:14:00Z'), to: new Date('2026-11-19T09:14:00Z') },
        ...{ cause: 'stopped', explanation: 'The connector was stopped all week.', recordedAt: new Date('2026-11-20T00:00:00Z') },
      },
      signal,
    );

    const page = textOf(await visitor.get(path));

    expect(page).toContain('Lost for good');
    expect(page).toContain('2026-11-12 09:14 UTC to 2026-11-19 09:14 UTC . The connector was stopped all week.');
  });

  it('changes what is collected and how often, and says who did', async () => {
    const page = await post(
      'change',
      'integration=office365Audit&polling-office365Audit=300&integration=intune&polling-intune=disabled&also=graph.signInsNonInteractive',
    );

    expect([page.status, textOf(page)]).toEqual([200, expect.stringContaining('Saved.')]);
    const tenant = await tenantNow();
    expect([tenant?.integrations, tenant?.also]).toEqual([
      [
        { id: 'office365Audit', polling: { kind: 'every', seconds: 300 } },
        { id: 'intune', polling: { kind: 'disabled' } },
      ],
      ['graph.signInsNonInteractive'],
    ]);
    expect(page.body).toMatch(/<option value="300" selected>/);
    const [change] = await web.connector.onboardPorts.changes.newest(customer.tenantId, 1, signal);
    expect(change).toMatchObject({ what: 'changed', who: 'local', detail: expect.stringContaining('intune disabled') as string });
  });

  it.each([
    ['nothing at all', '', 'No integration is left.'],
    ['an interval of no time', 'integration=intune&polling-intune=0', 'The polling interval cannot be used.'],
    ['a source that needs no choosing', 'integration=intune&also=activity.exchange', 'There is no optional source'],
  ])('refuses %s, and changes nothing', async (_, fields, words) => {
    const before = await tenantNow();

    const page = await post('change', fields);

    expect([page.status, textOf(page)]).toEqual([400, expect.stringContaining(words)]);
    expect(await tenantNow()).toEqual(before);
  });

  it('takes a new secret once it works, and shows it nowhere', async () => {
    const secret = 'fake-newer-secret~5';
    const wrong = await post('credential', { secret: 'fake-wrong-secret~6', certificate: '', expires: '' });
    web.microsoft.tenant(customer.tenantId).addSecret(secret);
    const right = await post('credential', { secret, certificate: '', expires: '2027-05-01' });

    expect([wrong.status, textOf(wrong)]).toEqual([400, expect.stringContaining('[AADSTS7000215]')]);
    expect([right.status, textOf(right)]).toEqual([200, expect.stringContaining('It works, and is used from now on.')]);
    expect(`${wrong.body}${right.body}${JSON.stringify(web.logged())}`).not.toMatch(/fake-(wrong|newer)-secret/);
    const ring = await web.connector.tenantPorts.rotation.rings.find((await tenantNow())?.secretName ?? '', signal);
    expect(ring?.current?.expiresAt).toBe('2027-05-01T00:00:00.000Z');
    expect(textOf(await visitor.get(path))).toContain('2027-05-01');
  });

  it('names the one thing to do next: a secret when it is refused, consent when there is none, resuming when it is paused', async () => {
    const control = web.microsoft.tenant(customer.tenantId);
    const after = async (): Promise<unknown> => {
      await run('activity.exchange');
      return (await listed()).nextAction;
    };
    control.expireSecret();
    const refused = await after();
    control.revokeConsent();
    const unknown = await after();
    await post('pause');
    const paused = (await listed()).nextAction;

    expect([refused, unknown, paused]).toEqual(['credential', 'consent', 'resume']);
    const page = await visitor.get('/');
    expect(page.body).toContain(`action="${path}/resume"`);
  });
});

describe('the evidence report of a tenant', () => {
  it('is said to come when there is none', async () => {
    const page = await visitor.get(`${path}/evidence`);

    expect([page.status, textOf(page)]).toEqual([404, expect.stringContaining('There is no assessment of Contoso yet.')]);
  });

  it('is a page with a style of its own, let in by its hash, and a table', async () => {
    await post('resume');
    const tenant = await tenantNow();
    if (tenant === undefined) throw new Error('There is no tenant.');
    await assessNow(web.connector.assessPorts, tenant, signal);

    const page = await visitor.get(`${path}/evidence`);
    const csv = await visitor.get(`${path}/evidence?form=csv`);

    const style = /<style>([\s\S]*?)<\/style>/.exec(page.body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect([page.status, style.length > 100]).toEqual([200, true]);
    expect(page.headers['Content-Security-Policy']).toContain(`style-src 'self' 'sha256-${hash}'`);
    expect(page.headers['Content-Security-Policy']).not.toContain('unsafe');
    expect([csv.status, csv.headers['Content-Disposition']]).toEqual([
      200,
      expect.stringMatching(/^attachment; filename="evidence-/),
    ]);
  });
});

describe('an assessment from the page of a tenant', () => {
  const evidenceOf = async (): Promise<string> =>
    /Evidence (Assessed|Not assessed).*?CSV/.exec(textOf(await visitor.get(path)))?.[0] ?? '';

  it('is refused in words where the integration for it is not ticked', async () => {
    const page = await post('assess');

    expect([page.status, textOf(page)]).toEqual([400, expect.stringContaining('does not have the integration "evidence"')]);
    expect((await tenantNow())?.assessmentAskedAt).toBeUndefined();
  });

  it('is asked for in one request, said to be under way, made by the connector, and then shown', async () => {
    await post('change', 'integration=office365Audit&integration=evidence&polling-evidence=disabled');
    await run('connector.evidence');
    const before = await evidenceOf();

    const page = await post('assess');
    const askedAt = (await tenantNow())?.assessmentAskedAt ?? '';
    const [change] = await web.connector.onboardPorts.changes.newest(customer.tenantId, 1, signal);
    const underWay = await evidenceOf();
    await run('connector.evidence');
    const after = await evidenceOf();

    const minute = `${askedAt.slice(0, 10)} ${askedAt.slice(11, 16)} UTC`;
    expect([page.status, page.url]).toEqual([200, `${web.stack.publicUrl}${path}`]);
    expect(change).toMatchObject({ what: 'assessmentAsked', who: 'local', outcome: 'done' });
    expect([before, underWay, after].map((text) => text.includes('under way'))).toEqual([false, true, false]);
    expect(underWay).toContain(`A new one was asked for ${minute} and is under way.`);
    expect(after).toMatch(/^Evidence Assessed [\d-]+ [\d:]+ UTC : 5 not available\./);
    expect(textOf(await visitor.get(`${path}/evidence`))).toContain(`/${askedAt.replaceAll(':', '')}.json`);
  });
});

describe('removing a tenant with its data', () => {
  const kept = async (): Promise<number> => {
    const { coverage, ledger } = web.connector.collectPorts;
    const scope = { tenantId: customer.tenantId, sourceId: 'activity.exchange' };
    const gaps = await coverage.gaps(scope, signal);
    const assessments = await web.connector.assessPorts.evidence.ids(
      customer.tenantId,
      new Date('2026-01-01'),
      new Date('2100-01-01'),
      signal,
    );
    return gaps.length + (await ledger.days(scope, signal)).length + assessments.length;
  };

  it('waits until no run can write any more, then forgets everything but the history; one that is added again keeps it', async () => {
    const { purges } = web.connector.onboardPorts.onboarding;
    expect(await kept()).toBeGreaterThan(2);
    const wrong = await post('remove', { confirm: 'Fabrikam', purge: 'yes' });
    expect([wrong.status, await Array.fromAsync(purges.all(signal))]).toEqual([400, []]);
    await purges.save({ id: customer.tenantId, askedAt: new Date(0).toISOString() }, undefined, signal);
    await web.connector.resumeOnboardings();
    expect([(await kept()) > 2, await Array.fromAsync(purges.all(signal))]).toEqual([true, []]);

    await post('remove', { confirm: 'Contoso', purge: 'yes' });
    await web.connector.resumeOnboardings();
    const atOnce = await kept();
    web.clock.jump(21 * 60_000);
    await web.connector.resumeOnboardings();

    expect([atOnce > 2, await kept(), await Array.fromAsync(purges.all(signal))]).toEqual([true, 0, []]);
    const [change] = await web.connector.onboardPorts.changes.newest(customer.tenantId, 1, signal);
    expect(change).toMatchObject({ what: 'removed', detail: 'Contoso, with everything that is kept about it', outcome: 'done' });
  });
});
