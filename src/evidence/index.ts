import type { EvidenceCheck } from '../domain/evidence';
import { collectionCompleteness } from './collectionCompleteness';
import { conditionalAccess } from './conditionalAccess';
import { riskyUsers } from './riskyUsers';
import { secureScore } from './secureScore';
import { unresolvedAlerts } from './unresolvedAlerts';

/** All checks, in the order of a report. */
export const checks: readonly EvidenceCheck[] = [
  secureScore,
  unresolvedAlerts,
  riskyUsers,
  conditionalAccess,
  collectionCompleteness,
];
