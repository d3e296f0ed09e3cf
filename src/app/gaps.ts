import type { Gap } from '../domain/coverage';
import type { LedgerRow, LedgerScope } from '../domain/ledger';
import type { Window } from '../domain/window';
import { describeFailure } from './describe';

/** The gap that a lost unit leaves. */
export function gapOfUnit(row: LedgerRow, now: Date): Gap {
  const cause = row.cause ?? { kind: 'unexpectedResponse', code: 'unknown', detail: '' };
  return {
    scope: row.scope,
    from: row.unit.undated === true ? row.listedAt : row.unit.at,
    to: row.unit.expires,
    unitId: row.unit.id,
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
