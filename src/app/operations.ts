import { createHash } from 'node:crypto';
import type { ActionRow, StoryLine } from '../domain/actionRow';
import { latenessAt } from '../domain/lateness';
import { defaultEventFormat, EventPacker } from '../domain/event';
import type { OutgoingEvent } from '../domain/event';
import type { CredentialRing, RingFact } from '../domain/credential';
import type { Gap, HourCoverage } from '../domain/coverage';
import type { Change } from '../domain/onboarding';
import type { SourceState } from '../domain/sourceState';
import { stateTitles } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import { failureOfVerdict, verdictTitles } from '../domain/verdict';
import type { Verdict } from '../domain/verdict';
import { describeFailure } from './describe';

/** Coverage of an hour; `partlyLost` when a part of it could not be listed any more, so that its counts cannot be all there was. */
type TellableHour = HourCoverage & { readonly partlyLost?: boolean };

/** The connector's own facts, as they go to m365-operations. Sent at least once; the id says which fact it is. */
export type OperationsFact =
  | { readonly kind: 'coverage'; readonly sourceId: string; readonly hours: readonly TellableHour[] }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'state'; readonly sourceId: string; readonly state: SourceState; readonly before: SourceState['name'] }
  | {
      readonly kind: 'verdict';
      readonly sourceId: string;
      readonly verdict: Verdict;
      readonly before: Verdict | undefined;
    }
  | { readonly kind: 'credential'; readonly ring: CredentialRing; readonly fact: RingFact }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'action'; readonly row: ActionRow; readonly line: StoryLine }
  | { readonly kind: 'test'; readonly id: string };

interface Telling {
  readonly id: string;
  readonly category: string;
  readonly operation: string;
  readonly time: Date;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What coverage of an hour says to a reader, in names that explain themselves. */
function coverageProperties(hour: TellableHour): Readonly<Record<string, unknown>> {
  return {
    source: hour.scope.sourceId,
    hour: hour.hour === 'undated' ? undefined : `${hour.hour}:00:00Z`,
    undated: hour.hour === 'undated' ? true : undefined,
    unitsListed: hour.listed,
    unitsFetched: hour.fetched,
    unitsDelivered: hour.delivered,
    unitsPending: hour.pending,
    unitsLost: hour.gaps,
    complete: hour.pending === 0 && hour.gaps === 0 && hour.partlyLost !== true,
    records: hour.records,
    bytes: hour.bytes,
    latenessSecondsP50: latenessAt(hour.lateness, 0.5),
    latenessSecondsP95: latenessAt(hour.lateness, 0.95),
    latenessHistogram: hour.lateness,
  };
}

function tellings(fact: OperationsFact, now: Date): Telling[] {
  switch (fact.kind) {
    case 'coverage':
      return fact.hours.map((hour) => {
        const properties = coverageProperties(hour);
        return {
          id: stableId('coverage', fact.sourceId, hour.hour, JSON.stringify(properties)),
          category: 'M365Connector.Coverage',
          operation: 'CoverageReported',
          time: hour.hour === 'undated' ? now : new Date(`${hour.hour}:00:00Z`),
          properties,
        };
      });
    case 'gap': {
      const { gap } = fact;
      return [
        {
          id: stableId('gap', gap.scope.sourceId, gap.from.toISOString(), gap.unitId ?? gap.cause),
          category: 'M365Connector.Gap',
          operation: 'GapRecorded',
          time: gap.recordedAt,
          properties: {
            source: gap.scope.sourceId,
            from: gap.from.toISOString(),
            to: gap.to.toISOString(),
            unit: gap.unitId,
            cause: gap.cause,
            explanation: gap.explanation,
          },
        },
      ];
    }
    case 'state': {
      const words = fact.state.failure === undefined ? undefined : describeFailure(fact.state.failure);
      return [
        {
          id: stableId('state', fact.sourceId, fact.state.name, fact.state.since),
          category: 'M365Connector.StateChange',
          operation: 'StateChanged',
          time: now,
          properties: {
            source: fact.sourceId,
            before: stateTitles[fact.before],
            state: stateTitles[fact.state.name],
            since: fact.state.since,
            silence: fact.state.silence,
            failure: fact.state.failure?.kind,
            code: fact.state.failure?.code,
            title: words?.title,
            nextStep: words?.nextStep,
          },
        },
      ];
    }
    case 'verdict': {
      const { verdict, before } = fact;
      const failure = failureOfVerdict(verdict);
      const words = failure === undefined ? undefined : describeFailure(failure);
      return [
        {
          // Told again after a probe that died, it has the same id: what it comes after is the same.
          id: stableId('verdict', fact.sourceId, verdict.name, verdict.missing?.join() ?? '', before?.since ?? ''),
          category: 'M365Connector.Verdict',
          operation: 'VerdictChanged',
          time: now,
          properties: {
            source: fact.sourceId,
            before: before === undefined ? undefined : verdictTitles[before.name],
            verdict: verdictTitles[verdict.name],
            since: verdict.since,
            missingPermissions: verdict.missing,
            evidence: verdict.evidence,
            code: verdict.code,
            title: words?.title,
            nextStep: words?.nextStep,
          },
        },
      ];
    }
    case 'credential':
      return [credentialTelling(fact.ring, fact.fact)];
    case 'change': {
      const { id, at, who, role, what, target, outcome = 'done', detail } = fact.change;
      return [
        {
          id: stableId('change', id ?? JSON.stringify(fact.change), outcome),
          category: 'M365Connector.Change',
          operation: 'TenantChanged',
          time: new Date(at),
          properties: { change: what, by: who, role, target, outcome, detail },
        },
      ];
    }
    case 'action':
      return [actionTelling(fact.row, fact.line)];
    case 'test':
      return [
        {
          id: fact.id,
          category: 'M365Connector.Test',
          operation: 'TestRecord',
          time: now,
          properties: {
            test: true,
            message: 'A marked test record: it proves that the pipeline behind this hub works, and means nothing else.',
          },
        },
      ];
  }
}

/** One line of the story of an action; what the action is about stands in each of them. */
function actionTelling(row: ActionRow, line: StoryLine): Telling {
  const { id, action, choice, target, reason, requestedBy, approval } = row;
  const words = line.failure === undefined ? undefined : describeFailure(line.failure);
  return {
    id: stableId('action', id, String(line.number)),
    category: 'M365Connector.Action',
    operation: `Action${line.kind.charAt(0).toUpperCase()}${line.kind.slice(1)}`,
    time: new Date(line.at),
    properties: {
      ...{ actionId: id, line: line.number, action, choice: choice === '' ? undefined : choice },
      ...{ targetKind: target.kind, targetId: target.id, targetName: target.name, reason },
      ...{ by: line.who ?? 'connector', role: line.role, requestedBy, approvedBy: approval?.by },
      ...{ step: line.step, seen: line.seen, answer: line.answer, requestId: line.requestId },
      ...{ failure: line.failure?.kind, code: line.failure?.code, title: words?.title, nextStep: words?.nextStep },
    },
  };
}

const credentialOperations: Readonly<Record<RingFact['kind'], string>> = {
  rotated: 'CredentialRotated',
  given: 'CredentialGiven',
  nearExpiry: 'CredentialNearExpiry',
  rotationFailing: 'CredentialRotationFailing',
  rolledBack: 'CredentialRolledBack',
  foreign: 'ForeignCredentialAdded',
};

function credentialTelling({ name, kind, clientId }: CredentialRing, fact: RingFact): Telling {
  const words = fact.failure === undefined ? undefined : describeFailure(fact.failure);
  return {
    id: stableId('credential', name, fact.kind, fact.id, fact.at),
    category: 'M365Connector.Credential',
    operation: credentialOperations[fact.kind],
    time: new Date(fact.at),
    properties: {
      ...{ credential: name, credentialKind: kind, applicationId: clientId, keyId: fact.keyId },
      ...{ expiresAt: fact.expiresAt, daysLeft: fact.daysLeft, failure: fact.failure?.kind, code: fact.failure?.code },
      ...{ title: words?.title, nextStep: words?.nextStep },
    },
  };
}

function stableId(...parts: readonly string[]): string {
  return `m365c-${createHash('sha256').update(parts.join('|')).digest('hex').slice(0, 32)}`;
}

/** The events that tell the facts of one tenant to a hub, one category an event. */
export function operationsEvents(
  tenant: Pick<Tenant, 'id' | 'name' | 'stampName'>,
  hub: string,
  facts: readonly OperationsFact[],
  now: Date,
): OutgoingEvent[] {
  const byCategory = new Map<string, Telling[]>();
  for (const telling of facts.flatMap((fact) => tellings(fact, now)))
    byCategory.set(telling.category, [...(byCategory.get(telling.category) ?? []), telling]);
  return [...byCategory].flatMap(([category, told]) => {
    const unitId = stableId(...told.map(({ id }) => id));
    const packer = new EventPacker(
      {
        hub,
        partitionKey: tenant.id,
        tenantId: tenant.id,
        ...(tenant.stampName ? { tenantName: tenant.name } : {}),
        source: { id: 'connector', category, resourceProvider: 'M365Connector' },
        unitId,
        unitTime: now,
      },
      { ...defaultEventFormat, targetBytes: 200_000 },
      () => now,
      { index: 0, checksum: 0 },
    );
    const pieces = told.map(({ id, operation, time, properties }) =>
      packer.add({ id, operation, time: time.toISOString(), json: Buffer.from(JSON.stringify(properties)) }),
    );
    return [...pieces, packer.flush()].flatMap((piece) => (piece === undefined ? [] : [piece.event]));
  });
}
