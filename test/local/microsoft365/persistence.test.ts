import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContentItem } from './activityContent';
import { contoso, fabrikam, startTestBed } from './client';
import { roleId } from './identity/applications';
import { readRecordFiles } from './recordFiles';

describe('folders of the simulated Microsoft 365', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'm365-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('serve the same content, truth, subscriptions and tokens after a restart', async () => {
    const before = await startTestBed({ folder });
    const token = await before.client.token(contoso);
    before.clock.advance(60_000);
    before.microsoft.generate();
    await before.client.feed(fabrikam, 'POST', 'subscriptions/start', { contentType: 'Audit.Exchange' });
    const contentId = before.microsoft.publish(contoso.tenantId, 'Audit.General', ['{"Id":"x","t":"é"}', 'not json'], {
      visibleFrom: new Date('2026-11-22T12:00:30Z'),
      microsoftRepeat: [1],
    });
    const truth = [...before.microsoft.truth.available()];
    const port = Number(new URL(before.microsoft.urls.management).port);
    await before.stop();

    const after = await startTestBed({ folder, ports: { management: port } });
    after.clock.advance(60_000);
    const uri = `${after.microsoft.urls.management}/api/v1.0/${contoso.tenantId}/activity/feed/audit/${contentId}`;
    const answer = await after.client.send('GET', uri, { Authorization: `Bearer ${token}` });
    const subscriptions = await after.client.feed(fabrikam, 'GET', 'subscriptions/list');
    after.microsoft.generate();
    const again = [...after.microsoft.truth.available()];
    await after.stop();

    expect(answer.body.toString()).toBe('[{"Id":"x","t":"é"},not json]');
    expect(subscriptions.json()).toMatchObject([{ contentType: 'Audit.Exchange' }]);
    expect(again).toEqual(truth);
    expect(truth.at(-1)).toMatchObject({ contentId, index: 1, id: undefined, bytes: 8, microsoftRepeat: true });
  });

  it('keep applications, consents and keys over a restart', async () => {
    const before = await startTestBed({ folder });
    const directory = before.microsoft.identity.applicationsOf(contoso.tenantId);
    directory.delayMs = 60_000;
    const { application } = directory.putApplication('made', { displayName: 'Made' });
    const principal = directory.putServicePrincipal(application.appId);
    directory.grant(principal.id, directory.resourcePrincipal('management').id, roleId('management', 'ActivityFeed.Read'));
    const { secretText } = directory.addPassword(application, 'key', '2027-05-01T00:00:00Z');
    await before.stop();

    const after = await startTestBed({ folder });
    const again = after.microsoft.identity.applicationsOf(contoso.tenantId);
    const [found] = again.applications;
    await after.stop();

    expect([found?.appId, found?.uniqueName, found?.passwords.map((one) => one.secretText)]).toEqual([
      application.appId,
      'made',
      [secretText],
    ]);
    expect(again.rolesOf(application.appId, 'management')).toEqual(['ActivityFeed.Read']);
  });

  it('tolerate a torn last line and go on after it', async () => {
    const before = await startTestBed({ folder });
    before.microsoft.publish(contoso.tenantId, 'Audit.General', ['{"Id":"kept"}']);
    await before.stop();
    appendFileSync(join(folder, 'published.jsonl'), '{"tenantId":"c0a1');
    appendFileSync(join(folder, 'bodies.bin'), '[{"Id":"to');

    const torn = await startTestBed({ folder });
    const contentId = torn.microsoft.publish(contoso.tenantId, 'Audit.General', ['{"Id":"next"}']);
    await torn.stop();
    const after = await startTestBed({ folder });
    const ids = [...after.microsoft.truth.available()].map(({ id }) => id);
    const answer = await after.client.feed(contoso, 'GET', `audit/${contentId}`);
    await after.stop();

    expect(ids).toEqual(['kept', 'next']);
    expect(answer.body.toString()).toBe('[{"Id":"next"}]');
  });

  it('give their records with the exact bytes, guessing the content type when the name does not say it', () => {
    writeFileSync(join(folder, 'Audit.Exchange.jsonl'), '{"Id":"1","x": 1.0}\r\n\n{ "Id" : "2" } \n{broken\n"text"');
    writeFileSync(join(folder, 'mixed.json'), '\ufeff[ {"Id":"3","Workload":"OneDrive","s":"],[\\""} ,\n{"RecordType":11}, [] ]');
    writeFileSync(join(folder, 'one.json'), '{"Id":"4","RecordType":15}\n');
    writeFileSync(join(folder, 'readme.txt'), 'no');

    const records = readRecordFiles(folder).map(({ contentType, bytes, id, valid }) => [
      contentType,
      bytes.toString(),
      id,
      valid,
    ]);

    expect(records).toEqual([
      ['Audit.Exchange', '{"Id":"1","x": 1.0}', '1', true],
      ['Audit.Exchange', '{ "Id" : "2" }', '2', true],
      ['Audit.Exchange', '{broken', undefined, false],
      ['Audit.Exchange', '"text"', undefined, true],
      ['Audit.SharePoint', '{"Id":"3","Workload":"OneDrive","s":"],[\\""}', '3', true],
      ['DLP.All', '{"RecordType":11}', undefined, true],
      ['Audit.General', '[]', undefined, true],
      ['Audit.AzureActiveDirectory', '{"Id":"4","RecordType":15}', '4', true],
    ]);
  });

  it('are published once, or again and again with the same ids', async () => {
    writeFileSync(join(folder, 'Audit.Exchange.jsonl'), '{"Id":"1"}\n{"Id":"2"}\n{broken\n{"Id":"1"}');
    const bed = await startTestBed({ tenants: [contoso, { ...fabrikam, mood: 'noConsent' }] });

    const loaded = bed.microsoft.loadRecords(folder, { mode: 'loop', recordsPerBlob: 2, everyMs: 1000 });
    const first = [...bed.microsoft.truth.available()].map(({ id, microsoftRepeat }) => [id, microsoftRepeat]);
    const list = await bed.client.list(contoso, 'Audit.Exchange', '2026-11-22T12:00:00', '2026-11-22T12:00:01');
    const bodies: string[] = [];
    for (const item of list.json() as ContentItem[])
      bodies.push((await bed.client.follow(contoso, item.contentUri)).body.toString());
    bed.microsoft.tenant(contoso.tenantId).setMood('quiet');
    bed.clock.advance(3000);
    bed.microsoft.generate();
    const later = [...bed.microsoft.truth.available()].slice(first.length);
    await bed.stop();

    expect(loaded).toEqual({ records: 4, blobs: 3 });
    expect(first).toEqual([
      ['1', false],
      ['2', false],
      [undefined, false],
      ['1', true],
    ]);
    expect(bodies).toEqual(['[{"Id":"1"},{"Id":"2"}]', '[{broken]', '[{"Id":"1"}]']);
    expect(later.filter(({ contentId }) => contentId.startsWith('replay')).every(({ microsoftRepeat }) => microsoftRepeat)).toBe(
      true,
    );
    expect(later.filter(({ contentId }) => contentId.startsWith('replay'))).toHaveLength(4);
  });
});
