import type { Control } from '../domain/evidence';

const iso = 'ISO/IEC 27001:2022';
const soc = 'SOC 2 (TSC 2017)';

/**
 * What each check is evidence for. A framework is added by adding its rows: nothing else knows their names.
 * ISO/IEC 27001:2022, Annex A; Trust Services Criteria of the AICPA, 2017 with revised points of focus of 2022. The titles are shortened.
 */
export const controls: readonly Control[] = [
  { framework: iso, id: 'A.5.15', title: 'Access control', checks: ['riskyUsers', 'conditionalAccess'] },
  { framework: iso, id: 'A.5.25', title: 'Assessment and decision on information security events', checks: ['unresolvedAlerts'] },
  { framework: iso, id: 'A.5.36', title: 'Compliance with policies, rules and standards', checks: ['secureScore'] },
  { framework: iso, id: 'A.8.2', title: 'Privileged access rights', checks: ['conditionalAccess'] },
  { framework: iso, id: 'A.8.5', title: 'Secure authentication', checks: ['riskyUsers'] },
  { framework: iso, id: 'A.8.8', title: 'Management of technical vulnerabilities', checks: ['secureScore'] },
  { framework: iso, id: 'A.8.15', title: 'Logging', checks: ['collectionCompleteness'] },
  { framework: iso, id: 'A.8.16', title: 'Monitoring activities', checks: ['unresolvedAlerts'] },
  { framework: soc, id: 'CC6.1', title: 'Logical access security', checks: ['riskyUsers'] },
  { framework: soc, id: 'CC6.3', title: 'Access by role and least privilege', checks: ['conditionalAccess'] },
  { framework: soc, id: 'CC7.1', title: 'Detection of vulnerabilities and changes of configuration', checks: ['secureScore'] },
  {
    framework: soc,
    id: 'CC7.2',
    title: 'Monitoring for anomalies and security events',
    checks: ['unresolvedAlerts', 'collectionCompleteness'],
  },
];
