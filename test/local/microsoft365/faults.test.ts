import { gunzipSync } from 'node:zlib';
import type { ContentItem } from './activityContent';
import { gzipBomb, type Answer } from './answer';
import { contoso, fabrikam, startTestBed, type Answered, type TestBed } from './client';
import { faultPresetNames, isFaultPresetName, type FaultPresetName } from './faultPresetNames';

const window = ['2026-11-22T11:00:00', '2026-11-22T12:00:00'] as const;

describe('faults of the simulated Microsoft 365', () => {
  let bed: TestBed;
  let contentId: string;
  let right: string;
  beforeEach(async () => {
    bed = await startTestBed();
    const record = JSON.stringify({ Id: '1', Text: 'ü'.repeat(2000) });
    const contentCreated = new Date('2026-11-22T11:00:00Z');
    contentId = bed.microsoft.publish(contoso.tenantId, 'Audit.General', [record, record], { contentCreated });
    right = `[${record},${record}]`;
  });
  afterEach(() => bed.stop());

  const list = () => bed.client.list(contoso, 'Audit.General', ...window);
  const blob = () => bed.client.feed(contoso, 'GET', `audit/${contentId}`);
  const blobWith = (respond: Answer) => {
    bed.microsoft.faults.add({ when: { operation: 'blob' }, respond });
    return blob();
  };

  it('happen as often as said and only where said', async () => {
    const fault = bed.microsoft.faults.add({
      name: 'twice',
      when: { tenantId: contoso.tenantId, operation: 'blob', contentType: 'Audit.General', contentId },
      times: 2,
      respond: { af: 'AF429', status: 429, retryAfter: 7 },
    });

    const foreign = await bed.client.feed(fabrikam, 'GET', `audit/${contentId}`);
    const answers: Answered[] = [];
    for (let i = 0; i < 3; i++) answers.push(await blob());

    expect((foreign.json() as { error: { code: string } }).error.code).toBe('AF20050');
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200]);
    expect(answers[0]?.headers['retry-after']).toBe('7');
    expect(answers[0]?.json()).toMatchObject({
      error: { code: 'AF429', message: expect.stringContaining('Method=GetBlob') as unknown },
    });
    expect(fault.used).toBe(2);
    expect(bed.microsoft.requests.entries({ operation: 'blob' }).at(-2)?.fault).toBe('twice');
  });

  it('end when cleared or removed, and follow their seeded probability', async () => {
    const { faults } = bed.microsoft;
    const run = async () => {
      faults.clear();
      faults.add({ when: { operation: 'blob' }, probability: 0.5, respond: { status: 503 } });
      const statuses: number[] = [];
      for (let i = 0; i < 12; i++) statuses.push((await blob()).status);
      return statuses;
    };

    const first = await run();
    const second = await run();
    faults.clear();
    const removed = faults.add({ when: {}, respond: { status: 500 } });
    removed.remove();

    expect(second).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect((await blob()).status).toBe(200);
  });

  it('reset the connection before or within the answer', async () => {
    bed.microsoft.faults.add({ when: { operation: 'blob' }, times: 1, respond: { kind: 'reset', afterBytes: 0 } });
    await expect(blob()).rejects.toMatchObject({ code: 'ECONNRESET' });

    await expect(blobWith({ kind: 'reset', afterBytes: 100 })).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('lose the answer of a start that took effect', async () => {
    bed.microsoft.faults.add({ when: { operation: 'start' }, times: 1, respond: { kind: 'reset', afterBytes: 0 } });

    await expect(bed.client.feed(fabrikam, 'POST', 'subscriptions/start', { contentType: 'DLP.All' })).rejects.toThrow();
    const listed = await bed.client.feed(fabrikam, 'GET', 'subscriptions/list');

    expect(listed.json()).toMatchObject([{ contentType: 'DLP.All' }]);
  });

  it('truncate a body whose framing looks complete', async () => {
    const answer = await blobWith({ kind: 'truncate', bytes: 500 });

    expect(answer.status).toBe(200);
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    expect(answer.body).toEqual(Buffer.from(right).subarray(0, 500));
  });

  it('stall until the client gives up, or the service stops', async () => {
    bed.microsoft.faults.add({ when: { operation: 'blob' }, respond: { kind: 'stall', afterBytes: 10 } });
    const abort = new AbortController();
    const token = await bed.client.token(contoso);
    const url = `${bed.microsoft.urls.management}/api/v1.0/${contoso.tenantId}/activity/feed/audit/${contentId}`;

    const given = bed.client.send('GET', url, { Authorization: `Bearer ${token}` }, undefined, abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(given).rejects.toMatchObject({ code: 'ABORT_ERR' });
    const pending = blob();
    const outcome = expect(pending).rejects.toMatchObject({ code: 'ECONNRESET' });
    setTimeout(() => void bed.microsoft.stop(), 50);

    await outcome;
  });

  it('delay an answer and let one trickle', async () => {
    const began = performance.now();
    bed.microsoft.faults.add({ when: { operation: 'blob' }, times: 1, respond: { kind: 'delay', ms: 60 } });
    await blob();
    const delayed = performance.now();
    const answer = await blobWith({ kind: 'slow', bytesPerSecond: 80_000 });

    expect(delayed - began).toBeGreaterThan(55);
    expect(performance.now() - delayed).toBeGreaterThan(80);
    expect(answer.body.toString()).toBe(right);
  });

  it.each<[string, Answer, number, string]>([
    ['html', { kind: 'html', status: 502 }, 502, '<!DOCTYPE html>'],
    ['empty', { kind: 'empty' }, 200, ''],
    ['json', { kind: 'json', value: { error: { code: 'AF50000' } } }, 200, '{"error":{"code":"AF50000"}}'],
    ['redirect', { kind: 'redirect', location: 'https://evil.example/' }, 302, ''],
    ['status', { status: 418, body: 'text', headers: { 'X-Test': '1' } }, 418, 'text'],
    ['any AF code', { af: 'AF20012', status: 400 }, 400, '{"error":{"code":"AF20012"'],
    ['a changed body', { kind: 'replaceBody', change: (body) => body.subarray(0, 3) }, 200, '[{"'],
  ])('answer with %s', async (_, respond, status, beginning) => {
    const answer = await blobWith(respond);

    expect(answer.status).toBe(status);
    expect(answer.body.toString().slice(0, beginning.length)).toBe(beginning);
    if (beginning === '') expect(answer.body).toHaveLength(0);
  });

  it('answer compressed, honestly or not', async () => {
    const honest = await blobWith({ kind: 'gzip' });
    bed.microsoft.faults.clear();
    const broken = await blobWith({ kind: 'gzip', body: 'not gzip', compressed: true });

    expect(honest.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(honest.body).toString()).toBe(right);
    expect([broken.headers['content-encoding'], broken.body.toString()]).toEqual(['gzip', 'not gzip']);
    expect(gzipBomb(20).length).toBeLessThan(40_000);
    expect(gunzipSync(gzipBomb(20)).length).toBe(20 * (1 << 20) + 2);
  });

  it('change a list and its headers', async () => {
    const { faults } = bed.microsoft;
    faults.add({
      when: { operation: 'content' },
      times: 1,
      respond: { kind: 'mutateList', change: (items) => items.map((item) => ({ ...item, contentUri: 'http://evil.example/' })) },
    });
    faults.add({
      when: { operation: 'content' },
      times: 1,
      respond: { kind: 'mutateHeaders', headers: { NextPageUri: 'https://evil.example/', 'content-type': null } },
    });

    const changed = (await list()).json() as ContentItem[];
    const answer = await list();

    expect(changed.map(({ contentUri }) => contentUri)).toEqual(['http://evil.example/']);
    expect(answer.headers['nextpageuri']).toBe('https://evil.example/');
    expect(answer.headers['content-type']).toBeUndefined();
  });

  it('also shape the login service', async () => {
    bed.microsoft.faults.add({ when: { operation: 'token' }, respond: { kind: 'json', value: { expires_in: 0 } } });

    expect((await bed.client.askToken(contoso)).json()).toEqual({ expires_in: 0 });
  });

  it.each(Object.keys(faultPresetNames).filter(isFaultPresetName))(
    'have the preset %s, and clear it',
    async (name: FaultPresetName) => {
      const { faults, settings } = bed.microsoft;
      const before = { ...settings };
      const seen = async () => {
        const statuses: string[] = [];
        for (let i = 0; i < 40; i++) {
          const answer = await list().catch(() => undefined);
          statuses.push(`${answer?.status ?? 'broken'} ${answer?.body.length ?? 0} ${String(answer?.headers['nextpageuri'])}`);
        }
        return new Set(statuses);
      };
      settings.pageSize = 1;
      bed.microsoft.publish(contoso.tenantId, 'Audit.General', ['{}'], { contentCreated: new Date('2026-11-22T11:30:00Z') });

      faults.preset(name);
      const changed = { ...settings, pageSize: before.pageSize };
      if (name !== 'slow' && JSON.stringify(changed) === JSON.stringify(before)) expect((await seen()).size).toBeGreaterThan(1);
      else expect(name === 'slow' || JSON.stringify(changed) !== JSON.stringify(before)).toBe(true);
      faults.clear();

      expect({ ...settings, pageSize: before.pageSize }).toEqual(before);
      expect((await seen()).size).toBe(1);
    },
  );
});
