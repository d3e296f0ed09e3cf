import { family } from './endpoint';

const noTop = "The limit of '{most}' for Top query has been exceeded. The value from the incoming request is '{top}'.";
const pageSize = "Invalid page size specified: '{top}'. Must be between 1 and {most} inclusive.";
const kept = { freeDays: 7, premiumDays: 30 };

/** Alerts and incidents. https://learn.microsoft.com/graph/api/security-list-alerts_v2 */
const alertsAndIncidents = family(
  {
    permissionWords: 'security',
    needs: { feature: 'defenderXdr', words: 'defenderXdr' },
    notIn: ['china'],
    limits: ['security'],
    order: { field: 'createdDateTime', descending: true },
  },
  [
    {
      operation: 'alertsV2',
      route: 'security/alerts_v2',
      type: 'microsoft.graph.security.alert',
      permissions: ['SecurityAlert.Read.All', 'SecurityAlert.ReadWrite.All'],
      page: { size: 100, most: 1000, above: 'clamped', link: '$skiptoken' },
      options: ['$filter', '$count', '$skip', '$top'],
      filters: {
        createdDateTime: 'time',
        lastUpdateDateTime: 'time',
        assignedTo: 'text',
        classification: 'text',
        determination: 'text',
        severity: 'text',
        serviceSource: 'text',
        status: 'text',
      },
    },
    {
      operation: 'incidents',
      route: 'security/incidents',
      type: 'microsoft.graph.security.incident',
      permissions: ['SecurityIncident.Read.All', 'SecurityIncident.ReadWrite.All'],
      page: { size: 50, most: 50, above: 'refused', words: noTop, link: '$skiptoken' },
      options: ['$filter', '$count', '$skip', '$top', '$expand'],
      filters: {
        createdDateTime: 'time',
        lastUpdateDateTime: 'time',
        assignedTo: 'text',
        classification: 'text',
        determination: 'text',
        severity: 'text',
        status: 'text',
      },
    },
  ],
);

/** Secure Score. https://learn.microsoft.com/graph/api/security-list-securescores */
const secureScore = family(
  {
    permissionWords: 'secureScore',
    notIn: ['china'],
    limits: ['security', 'secureScore'],
    options: ['$count', '$filter', '$skip', '$top'],
    page: { size: 1000, most: 1000, above: 'clamped', link: '$skiptoken' },
  },
  [
    {
      operation: 'secureScores',
      route: 'security/secureScores',
      permissions: ['SecurityEvents.Read.All', 'SecurityEvents.ReadWrite.All'],
      type: 'microsoft.graph.secureScore',
      filters: { createdDateTime: 'time' },
      order: { field: 'createdDateTime', descending: true },
      kept: { field: 'createdDateTime', freeDays: 90, premiumDays: 90 },
    },
    {
      operation: 'secureScoreControlProfiles',
      route: 'security/secureScoreControlProfiles',
      permissions: ['SecurityEvents.Read.All', 'SecurityEvents.ReadWrite.All'],
      type: 'microsoft.graph.secureScoreControlProfile',
      filters: { controlCategory: 'text', service: 'text' },
    },
  ],
);

/** Identity Protection. https://learn.microsoft.com/graph/api/resources/identityprotection-overview */
const identityProtection = family(
  {
    permissionWords: 'policies',
    notIn: ['china'],
    limits: ['identityProtection'],
    options: ['$filter', '$select', '$top', '$count'],
    page: { size: 100, most: 500, above: 'refused', words: pageSize, link: '$skiptoken' },
  },
  [
    {
      operation: 'riskyUsers',
      route: 'identityProtection/riskyUsers',
      type: 'microsoft.graph.riskyUser',
      permissions: ['IdentityRiskyUser.Read.All', 'IdentityRiskyUser.ReadWrite.All'],
      needs: { feature: 'entraP2', words: 'identityProtection' },
      filters: { riskLastUpdatedDateTime: 'time', riskLevel: 'text', riskState: 'text', userPrincipalName: 'text', id: 'text' },
    },
    {
      operation: 'riskDetections',
      route: 'identityProtection/riskDetections',
      type: 'microsoft.graph.riskDetection',
      permissions: ['IdentityRiskEvent.Read.All', 'IdentityRiskEvent.ReadWrite.All'],
      needs: { feature: 'entraP2', words: 'identityProtection' },
      page: { size: 20, most: 500, above: 'refused', words: pageSize, link: '$skiptoken' },
      filters: {
        detectedDateTime: 'time',
        activityDateTime: 'time',
        lastUpdatedDateTime: 'time',
        riskLevel: 'text',
        riskState: 'text',
        userId: 'text',
        userPrincipalName: 'text',
      },
      kept: { field: 'detectedDateTime', freeDays: 30, premiumDays: 90 },
    },
    {
      operation: 'riskyServicePrincipals',
      route: 'identityProtection/riskyServicePrincipals',
      type: 'microsoft.graph.riskyServicePrincipal',
      permissions: ['IdentityRiskyServicePrincipal.Read.All', 'IdentityRiskyServicePrincipal.ReadWrite.All'],
      needs: { feature: 'workloadIdentities', words: 'identityProtection' },
      filters: { riskLastUpdatedDateTime: 'time', riskLevel: 'text', riskState: 'text', appId: 'text' },
    },
    {
      operation: 'servicePrincipalRiskDetections',
      route: 'identityProtection/servicePrincipalRiskDetections',
      type: 'microsoft.graph.servicePrincipalRiskDetection',
      permissions: ['IdentityRiskEvent.Read.All', 'IdentityRiskEvent.ReadWrite.All'],
      needs: { feature: 'workloadIdentities', words: 'identityProtection' },
      filters: { detectedDateTime: 'time', activityDateTime: 'time', lastUpdatedDateTime: 'time', servicePrincipalId: 'text' },
      kept: { field: 'detectedDateTime', freeDays: 90, premiumDays: 90 },
    },
  ],
);

/** Sign-ins and directory audits. https://learn.microsoft.com/graph/api/resources/azure-ad-auditlog-overview */
const reports = family(
  {
    permissionWords: 'reports',
    limits: ['reports', 'reportsAllTenants'],
    options: ['$filter', '$top', '$orderby', '$select'],
    page: { size: 1000, most: 1000, above: 'refused', words: pageSize, link: '$skiptoken' },
  },
  [
    {
      operation: 'signIns',
      route: 'auditLogs/signIns',
      feed: 'interactiveUserSignIns',
      type: 'microsoft.graph.signIn',
      permissions: ['AuditLog.Read.All'],
      needs: { feature: 'entraP1', words: 'premiumReports' },
      filters: {
        createdDateTime: 'time',
        userId: 'text',
        userPrincipalName: 'text',
        appId: 'text',
        appDisplayName: 'text',
        ipAddress: 'text',
        correlationId: 'text',
        riskState: 'text',
        'status/errorCode': 'word',
        id: 'text',
        signInEventTypes: 'any',
      },
      orderBy: ['createdDateTime'],
      order: { field: 'createdDateTime', descending: true },
      onRequest: ['signInEventTypes', 'authenticationRequirement', 'autonomousSystemNumber', 'uniqueTokenIdentifier', 'userType'],
      kept: { field: 'createdDateTime', ...kept },
    },
    {
      operation: 'directoryAudits',
      route: 'auditLogs/directoryAudits',
      type: 'microsoft.graph.directoryAudit',
      permissions: ['AuditLog.Read.All'],
      filters: {
        activityDateTime: 'time',
        activityDisplayName: 'text',
        loggedByService: 'text',
        category: 'text',
        correlationId: 'text',
        result: 'text',
        id: 'text',
        'initiatedBy/user/id': 'text',
        'initiatedBy/user/displayName': 'text',
        'initiatedBy/user/userPrincipalName': 'text',
        'initiatedBy/app/appId': 'text',
        'initiatedBy/app/displayName': 'text',
        targetResources: 'any',
      },
      orderBy: ['activityDateTime'],
      order: { field: 'activityDateTime', descending: true },
      kept: { field: 'activityDateTime', ...kept },
    },
  ],
);

const conditionalAccess = family({ permissionWords: 'policies', limits: ['identityProtection'] }, [
  {
    operation: 'conditionalAccessPolicies',
    route: 'identity/conditionalAccess/policies',
    type: 'microsoft.graph.conditionalAccessPolicy',
    permissions: ['Policy.Read.All', 'Policy.Read.ConditionalAccess', 'Policy.ReadWrite.ConditionalAccess'],
    needs: { feature: 'entraP1', words: 'conditionalAccess' },
    page: { size: 100, most: 999, above: 'refused', words: pageSize, link: '$skiptoken' },
    options: ['$filter', '$select', '$top', '$skip', '$orderby', '$count'],
    filters: { displayName: 'text', state: 'text', createdDateTime: 'time', modifiedDateTime: 'time' },
    orderBy: ['displayName', 'createdDateTime', 'modifiedDateTime'],
  },
]);

/** The endpoints about what happened and how well the tenant is protected. */
export const securityEndpoints = [...alertsAndIncidents, ...secureScore, ...identityProtection, ...reports, ...conditionalAccess];
