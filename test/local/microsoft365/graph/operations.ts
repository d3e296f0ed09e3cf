/** The endpoints of the simulated Microsoft Graph, by the names that faults and the request log use. */
export const graphOperations = [
  'alertsV2',
  'incidents',
  'riskyUsers',
  'riskDetections',
  'riskyServicePrincipals',
  'servicePrincipalRiskDetections',
  'signIns',
  'directoryAudits',
  'users',
  'usersDelta',
  'groups',
  'groupsDelta',
  'devices',
  'devicesDelta',
  'servicePrincipals',
  'servicePrincipalsDelta',
  'groupMembers',
  'organization',
  'subscribedSkus',
  'oauth2PermissionGrants',
  'appRoleAssignments',
  'managedDevices',
  'deviceConfigurations',
  'deviceCompliancePolicies',
  'detectedApps',
  'mobileApps',
  'healthOverviews',
  'healthIssues',
  'messages',
  'secureScores',
  'secureScoreControlProfiles',
  'conditionalAccessPolicies',
] as const;

/** One endpoint of the simulated Microsoft Graph. */
type GraphOperation = (typeof graphOperations)[number];

/** The endpoints of the simulated Defender for Endpoint API. */
export const defenderOperations = ['defenderMachines', 'defenderAlerts'] as const;

/** One endpoint of the simulated Defender for Endpoint API. */
type DefenderOperation = (typeof defenderOperations)[number];

/** Every endpoint that serves objects page by page. */
export type ObjectOperation = GraphOperation | DefenderOperation;

/** The collections of objects behind the endpoints; the truth log is kept for each. */
export const feeds = [
  'alertsV2',
  'incidents',
  'riskyUsers',
  'riskDetections',
  'riskyServicePrincipals',
  'servicePrincipalRiskDetections',
  'interactiveUserSignIns',
  'nonInteractiveUserSignIns',
  'servicePrincipalSignIns',
  'managedIdentitySignIns',
  'directoryAudits',
  'users',
  'groups',
  'groupMembers',
  'devices',
  'servicePrincipals',
  'organization',
  'subscribedSkus',
  'oauth2PermissionGrants',
  'appRoleAssignments',
  'managedDevices',
  'deviceConfigurations',
  'deviceCompliancePolicies',
  'detectedApps',
  'mobileApps',
  'healthOverviews',
  'healthIssues',
  'messages',
  'secureScores',
  'secureScoreControlProfiles',
  'conditionalAccessPolicies',
  'defenderMachines',
  'defenderAlerts',
] as const;

/** One collection of objects. */
export type Feed = (typeof feeds)[number];
