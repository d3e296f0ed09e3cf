import { parseLateness } from '../domain/lateness';
import type { Progress } from '../domain/source';
import { overlapFor, planListing, planWhole, wholeListing } from '../domain/window';
import type { ListingCursor, ListingPlan, ListingRules } from '../domain/window';

/** How far back a source can be listed, and what is usual otherwise. */
export function rulesOf(progress: Progress): ListingRules {
  return progress.kind === 'contentFeed' || progress.kind === 'timeWindow' ? progress.rules : wholeListing;
}

/** What to list in this run. Windows overlap by as much as records of this source and tenant were seen to be late. */
export function planRun(progress: Progress, cursor: ListingCursor, now: Date): ListingPlan {
  switch (progress.kind) {
    case 'contentFeed':
      return planListing(cursor, now, progress.rules);
    case 'timeWindow': {
      const overlapMs = overlapFor(parseLateness(cursor.lateness ?? ''), progress.rules.overlapMs);
      return planListing(cursor, now, { ...progress.rules, overlapMs });
    }
    case 'delta':
    case 'snapshot':
      return planWhole(cursor, now);
  }
}
