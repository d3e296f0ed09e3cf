import { countHours } from '../../src/app/countCoverage';
import { isSameCoverage } from '../../src/domain/coverage';
import type { Gap } from '../../src/domain/coverage';
import type { SourceRow } from '../../src/domain/sourceState';
import { deliveredRecords } from '../local/historyCheck';
import type { AvailableRecord } from '../local/historyCheck';
import type { StoredEvent } from '../local/eventHubs/storedEvent';
import type { Incident } from './incident';
import { tableRows } from './incidentTables';

/** What every access token of the simulation begins with. */
const tokenStart = 'eyJ0eXAiOiJKV1Qi';

/** Every invariant that does not hold at the end of a test, in words, measured against what the test said it expects. */
export async function problemsOf(incident: Incident): Promise<string[]> {
  const { expects, microsoft, watermarks } = incident;
  const gaps = await incident.gaps();
  const allowed = new Set(expects.violations ?? []);
  return [
    ...lossProblems(incident, gaps),
    ...repeatProblems(incident),
    ...(expects.watermark === 'rewinds' ? [] : watermarks.backwards),
    ...(expects.watermark === 'passesHidden' ? [] : watermarks.passed),
    ...tenantProblems(incident),
    ...(await secretProblems(incident)),
    ...gapProblems(incident, gaps),
    ...(expects.unfinished === true ? [] : await stateProblems(incident)),
    ...microsoft.violations.flatMap(({ rule, detail }) =>
      allowed.has(rule) ? [] : [`broke Microsoft's rule ${rule}: ${detail}`],
    ),
    ...logProblems(incident),
  ];
}

/** L0: nothing is missing that no gap accounts for, and nothing arrived that was never there. */
function lossProblems(incident: Incident, gaps: readonly Gap[]): string[] {
  const { missing, altered } = incident.history();
  const strange = altered.map(({ unit, id }) => `altered: ${id} of ${unit}`);
  if (incident.expects.unfinished === true) return strange;
  const lost = missing.filter((record) => !gaps.some((gap) => accountsFor(gap, record)));
  const byUnit = Map.groupBy(lost, ({ unit }) => unit);
  return [...[...byUnit].map(([unit, records]) => `missing: ${records.length} records of ${unit}`), ...strange];
}

function accountsFor(gap: Gap, { tenantId, unit }: AvailableRecord): boolean {
  if (gap.scope.tenantId !== tenantId) return false;
  if (gap.unitId !== undefined) return gap.unitId === unit;
  const span = [gap.from, gap.to].map((at) => at.toISOString().replace(/\D/g, ''));
  return (span[0] ?? '') <= unit.slice(0, 17) && unit.slice(0, 17) < (span[1] ?? '');
}

/** D1: what is there twice came in no more repeated batches than the test expects. */
function repeatProblems(incident: Incident): string[] {
  const { repeatedBatches = 0 } = incident.expects;
  const count = repeatedBatchesOf(incident.delivered());
  return count > repeatedBatches ? [`repeated: records of ${count} batches, expected at most ${repeatedBatches}`] : [];
}

/** How many batches carry a record that a later one carries again, however that one is cut. */
function repeatedBatchesOf(events: readonly StoredEvent[]): number {
  const firstIn = new Map<string, string>();
  const repeated = new Set<string>();
  const inOrder = events.toSorted(
    (a, b) => a.enqueuedTime.getTime() - b.enqueuedTime.getTime() || a.sequenceNumber - b.sequenceNumber,
  );
  for (const event of inOrder) {
    const { tenantId, unit } = event.applicationProperties;
    const batch = `${event.partition}|${event.batch}`;
    for (const { id } of deliveredRecords(event)) {
      const key = `${String(tenantId)}|${String(unit)}|${id}`;
      const first = firstIn.get(key);
      if (first === undefined) firstIn.set(key, batch);
      else if (first !== batch) repeated.add(first);
    }
  }
  return repeated.size;
}

/** T1: an event and all records in it belong to the one tenant that it says. */
function tenantProblems(incident: Incident): string[] {
  return incident.delivered().flatMap((event) => {
    const { tenantId } = event.applicationProperties;
    const owners = new Set(
      deliveredRecords(event).map(({ record }) => (JSON.parse(record.toString()) as { tenantId: unknown }).tenantId),
    );
    const isOne = event.partitionKey === tenantId && owners.size <= 1 && [...owners].every((owner) => owner === tenantId);
    return isOne ? [] : [`an event of ${String(tenantId)} carries records of ${[...owners].join(', ')}`];
  });
}

/** What every user of the incidents' records has in the name. */
const somebody = 'zoë';

/** S1: no secret and no token anywhere but in Key Vault and memory; and nobody's name where only the connector's own words belong. */
async function secretProblems(incident: Incident): Promise<string[]> {
  const { stand, hubs, tenants, prefix } = incident;
  // The secrets that the simulated directory makes itself have a word in common.
  const canaries = [tokenStart, '~canary-', ...tenants.map(({ secret }) => secret)];
  const leaks = (where: string, text: string): string[] =>
    canaries.some((canary) => text.includes(canary)) ? [`a secret in ${where}`] : [];
  const events = [hubs.audit, hubs.operations].flatMap((hub) =>
    [...stand.emulator.read(hub)].flatMap((event) =>
      leaks(hub, event.body.toString() + JSON.stringify(event.applicationProperties)),
    ),
  );
  const lines = incident.log.flatMap(({ event, line }) => [
    ...leaks(`log line ${event}`, line),
    ...(line.includes(somebody) ? [`somebody's name in log line ${event}`] : []),
  ]);
  const { collect, paced } = incident.queue;
  const peeked = await Promise.all([collect, paced].map(async (queue) => queue.peekMessages({ numberOfMessages: 32 })));
  const peekedMessageItems = peeked.flatMap((answer) => answer.peekedMessageItems);
  const messages = peekedMessageItems.flatMap(({ messageText }) => leaks('the queue', messageText));
  const rows: string[] = [];
  for (const [table, entities] of await tableRows(stand.storage, prefix)) rows.push(...leaks(`table ${table}`, toText(entities)));
  return [...events, ...lines, ...messages, ...rows];
}

function toText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

/** G1: what is lost is recorded, told to the operations hub, and raised an alert. */
function gapProblems(incident: Incident, gaps: readonly Gap[]): string[] {
  const expected = incident.expects.gaps ?? 0;
  const told = incident.facts('M365Connector.Gap').map(({ from, source }) => `${String(from)}|${String(source)}`);
  const alerts = incident.logged('gapRecorded').map(({ fields }) => `${String(fields['from'])}|${String(fields['source'])}`);
  const silent = gaps.flatMap(({ from, scope }) => {
    const key = `${from.toISOString()}|${scope.sourceId}`;
    return told.includes(key) && alerts.includes(key) ? [] : [`a gap nobody was told of: ${key}`];
  });
  return gaps.length === expected
    ? silent
    : [`${gaps.length} gaps, expected ${expected}: ${gaps.map(({ cause }) => cause).join(', ')}`];
}

/** Coverage says what the ledger says, nothing is pending, and each source has one live schedule entry and no lease. */
async function stateProblems(incident: Incident): Promise<string[]> {
  const entries = await incident.entries();
  const problems: string[] = [];
  for (const row of await incident.rows()) {
    const { tenantId, sourceId, ticket } = row;
    const live = entries.filter((entry) => entry.tenantId === tenantId && entry.sourceId === sourceId && entry.ticket >= ticket);
    if (live.length !== 1) problems.push(`${sourceId}: ${live.length} live schedule entries`);
    if (row.leaseOwner !== undefined) problems.push(`${sourceId}: the lease is still held`);
    if (row.pendingUnits !== 0) problems.push(`${sourceId}: ${row.pendingUnits} units are pending`);
    problems.push(...(await coverageProblems(incident, row)));
  }
  return problems;
}

async function coverageProblems(incident: Incident, { tenantId, sourceId }: SourceRow): Promise<string[]> {
  const { ledger, coverage } = incident.connector.collectPorts;
  const scope = { tenantId, sourceId };
  const days = await ledger.days(scope, incident.signal);
  const hours = days.flatMap((day) => (day === 'undated' ? [day] : hoursOf(day)));
  const counted = await countHours({ ledger }, scope, hours, incident.signal);
  const written = new Map((await coverage.hours(scope, '', '~', incident.signal)).map((hour) => [hour.hour, hour]));
  return counted.flatMap((hour) => {
    const shown = written.get(hour.hour);
    return shown !== undefined && isSameCoverage(hour, shown)
      ? []
      : [`${sourceId}: coverage of ${hour.hour} is not what the ledger says`];
  });
}

function hoursOf(day: string): string[] {
  return Array.from({ length: 24 }, (_, hour) => `${day}T${String(hour).padStart(2, '0')}`);
}

/** Every warning and error is one that the test expects, and each expected one is there. */
function logProblems(incident: Incident): string[] {
  const expected = incident.expects.alerts ?? [];
  const possible = incident.expects.possibleAlerts ?? [];
  const loud = incident.log.filter(({ severity }) => severity !== 'info');
  const unexpected = loud
    .filter(({ event }) => !expected.includes(event) && !possible.includes(event))
    .map(({ line }) => `unexpected: ${line}`);
  const names = new Set(loud.map(({ event }) => event));
  return [...unexpected, ...expected.filter((name) => !names.has(name)).map((name) => `not logged: ${name}`)];
}
