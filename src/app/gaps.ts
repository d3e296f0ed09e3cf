import type { Gap } from '../domain/coverage';
import type { LedgerRow, LedgerScope } from '../domain/ledger';
import type { LostPart } from '../domain/source';
import type { Window } from '../domain/window';
import { describeFailure } from './describe';

/** The gap that a lost unit leaves. */
export function gapOfUnit(row: LedgerRow, now: Date): Gap {
  const cause = row.cause ?? { kind: 'unexpectedResponse', code: 'unknown', detail: '' };
  return {
    scope: row.scope,
    ...spanOf(row),
    unitId: row.unit.id,
    cause: `${cause.kind} [${cause.code}]`,
    explanation: describeFailure(cause).title,
    recordedAt: now,
  };
}

function spanOf({ unit, listedAt }: LedgerRow): Pick<Gap, 'from' | 'to'> {
  if (unit.from !== undefined) return { from: unit.from, to: new Date(unit.at.getTime() + 1_000) };
  return { from: unit.undated === true ? listedAt : unit.at, to: unit.expires };
}

/** The gap of a part of a unit that could not be read while the rest of it was. */
export function gapOfPart({ scope, unit }: LedgerRow, lost: LostPart, now: Date): Gap {
  const { from, to, id, cause } = lost;
  return {
    scope,
    from,
    to,
    // The same part is lost in every reading: it is one gap.
    unitId: unit.from === undefined ? unit.id : `${from.toISOString()}/${to.toISOString()}${id === undefined ? '' : `#${id}`}`,
    cause: `${cause.kind} [${cause.code}]`,
    explanation: describeFailure(cause).title,
    recordedAt: now,
  };
}

/** The gap of a span that could no longer be listed when the connector came back. */
export function gapOfSpan(scope: LedgerScope, lost: Window, now: Date): Gap {
  return {
    scope,
    from: lost.from,
    to: lost.to,
    cause: 'notListedInTime',
    explanation: 'The connector did not run for longer than Microsoft keeps this content, so it could no longer be listed.',
    recordedAt: now,
  };
}
