import { family, type EndpointRow } from './endpoint';

const pageSize = "Invalid page size specified: '{top}'. Must be between 1 and {most} inclusive.";
const directoryPage = { size: 100, most: 999, above: 'refused', words: pageSize, link: '$skiptoken' } as const;
const directoryOptions = ['$filter', '$select', '$top', '$count', '$orderby'] as const;

const usualOfUsers = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];

const objects: (EndpointRow & { deltaPermissions?: readonly string[] })[] = [
  {
    operation: 'users',
    route: 'users',
    type: 'microsoft.graph.user',
    permissions: ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    usual: usualOfUsers,
    cost: 2,
    filters: {
      id: 'text',
      userPrincipalName: 'text',
      displayName: 'text',
      mail: 'text',
      accountEnabled: 'word',
      userType: 'text',
      department: 'text',
      createdDateTime: 'time',
      'signInActivity/lastSignInDateTime': 'time',
    },
    orderBy: ['displayName', 'userPrincipalName'],
  },
  {
    operation: 'groups',
    route: 'groups',
    type: 'microsoft.graph.group',
    permissions: ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    filters: { id: 'text', displayName: 'text', mailEnabled: 'word', securityEnabled: 'word', createdDateTime: 'time' },
    orderBy: ['displayName'],
  },
  {
    operation: 'devices',
    route: 'devices',
    type: 'microsoft.graph.device',
    permissions: ['Device.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    filters: {
      id: 'text',
      deviceId: 'text',
      displayName: 'text',
      operatingSystem: 'text',
      approximateLastSignInDateTime: 'time',
    },
    orderBy: ['displayName'],
  },
  {
    operation: 'servicePrincipals',
    route: 'servicePrincipals',
    type: 'microsoft.graph.servicePrincipal',
    permissions: ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    filters: { id: 'text', appId: 'text', displayName: 'text', servicePrincipalType: 'text' },
    orderBy: ['displayName'],
  },
];

const lists = family({ limits: ['directoryAllTenants'], cost: 1, page: directoryPage, options: directoryOptions }, objects);

/** https://learn.microsoft.com/graph/delta-query-overview */
const deltas = family(
  {
    kind: 'delta',
    limits: ['directoryAllTenants'],
    cost: 1,
    page: { size: 100, most: 999, above: 'clamped', link: '$skiptoken' },
    options: ['$select', '$filter'],
    filters: { id: 'text' },
    orderBy: [],
    single: false,
  },
  objects.map(({ operation, route, type, permissions, usual }) => ({
    operation: `${operation as 'users'}Delta` as const,
    feed: operation as 'users',
    route: `${route}/delta`,
    context: route,
    permissions,
    ...(type === undefined ? {} : { type }),
    ...(usual ? { usual } : {}),
  })),
);

const others = family({ limits: ['directoryAllTenants'], cost: 1, single: false }, [
  {
    operation: 'groupMembers',
    route: 'groups/{id}/members',
    context: 'directoryObjects',
    type: 'microsoft.graph.directoryObject',
    permissions: ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    cost: 3,
    page: directoryPage,
    options: ['$select', '$top', '$count'],
  },
  {
    operation: 'organization',
    route: 'organization',
    type: 'microsoft.graph.organization',
    permissions: ['Organization.Read.All', 'Directory.Read.All', 'Organization.ReadWrite.All', 'Directory.ReadWrite.All'],
    single: true,
    options: ['$select'],
  },
  {
    operation: 'subscribedSkus',
    route: 'subscribedSkus',
    type: 'microsoft.graph.subscribedSku',
    permissions: ['LicenseAssignment.Read.All', 'Organization.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    single: true,
    cost: 3,
  },
  {
    operation: 'oauth2PermissionGrants',
    route: 'oauth2PermissionGrants',
    type: 'microsoft.graph.oAuth2PermissionGrant',
    permissions: ['Directory.Read.All', 'DelegatedPermissionGrant.Read.All', 'DelegatedPermissionGrant.ReadWrite.All'],
    single: true,
    page: directoryPage,
    options: ['$filter', '$top', '$select'],
    filters: { clientId: 'text', consentType: 'text', principalId: 'text', resourceId: 'text' },
  },
  {
    operation: 'appRoleAssignments',
    route: 'servicePrincipals/{id}/appRoleAssignments',
    type: 'microsoft.graph.appRoleAssignment',
    permissions: ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All', 'AppRoleAssignment.ReadWrite.All'],
    cost: 2,
    page: directoryPage,
    options: ['$top', '$select', '$count'],
  },
]);

const intune = family(
  {
    permissionWords: 'intune',
    needs: { feature: 'intune', words: 'intune' },
    limits: ['intuneOther'],
    page: { size: 1000, most: 1000, above: 'clamped', link: '$skiptoken' },
    options: ['$filter', '$select', '$top', '$orderby'],
  },
  [
    {
      operation: 'managedDevices',
      route: 'deviceManagement/managedDevices',
      type: 'microsoft.graph.managedDevice',
      permissions: ['DeviceManagementManagedDevices.Read.All', 'DeviceManagementManagedDevices.ReadWrite.All'],
      limits: ['intune'],
      filters: { id: 'text', deviceName: 'text', complianceState: 'text', lastSyncDateTime: 'time', azureADDeviceId: 'text' },
      orderBy: ['deviceName', 'lastSyncDateTime'],
    },
    {
      operation: 'detectedApps',
      route: 'deviceManagement/detectedApps',
      type: 'microsoft.graph.detectedApp',
      permissions: ['DeviceManagementManagedDevices.Read.All', 'DeviceManagementManagedDevices.ReadWrite.All'],
      page: { size: 50, most: 1000, above: 'clamped', link: '$skip' },
      options: ['$filter', '$select', '$top', '$skip', '$orderby'],
      limits: ['intune'],
      filters: { displayName: 'text' },
      orderBy: ['displayName'],
    },
    {
      operation: 'deviceConfigurations',
      route: 'deviceManagement/deviceConfigurations',
      type: 'microsoft.graph.deviceConfiguration',
      permissions: ['DeviceManagementConfiguration.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'],
      filters: { displayName: 'text', lastModifiedDateTime: 'time' },
    },
    {
      operation: 'deviceCompliancePolicies',
      route: 'deviceManagement/deviceCompliancePolicies',
      type: 'microsoft.graph.deviceCompliancePolicy',
      permissions: ['DeviceManagementConfiguration.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'],
      filters: { displayName: 'text', lastModifiedDateTime: 'time' },
    },
    {
      operation: 'mobileApps',
      route: 'deviceAppManagement/mobileApps',
      type: 'microsoft.graph.mobileApp',
      permissions: ['DeviceManagementApps.Read.All', 'DeviceManagementApps.ReadWrite.All'],
      filters: { displayName: 'text', lastModifiedDateTime: 'time' },
    },
  ],
);

const serviceHealth = family(
  {
    permissionWords: 'service',
    limits: ['serviceAnnouncement', 'serviceAnnouncementHour'],
    page: { size: 100, most: 1000, above: 'clamped', link: '$skip' },
    options: ['$filter', '$select', '$top', '$skip', '$count', '$orderby'],
    filters: { id: 'text', lastModifiedDateTime: 'time', startDateTime: 'time', service: 'text', status: 'text' },
    orderBy: ['lastModifiedDateTime', 'startDateTime'],
  },
  [
    {
      operation: 'healthOverviews',
      route: 'admin/serviceAnnouncement/healthOverviews',
      type: 'microsoft.graph.serviceHealth',
      permissions: ['ServiceHealth.Read.All'],
      options: ['$filter', '$select', '$top', '$skip', '$count', '$orderby', '$expand'],
      filters: { id: 'text', service: 'text', status: 'text' },
      orderBy: ['service'],
    },
    {
      operation: 'healthIssues',
      route: 'admin/serviceAnnouncement/issues',
      type: 'microsoft.graph.serviceHealthIssue',
      permissions: ['ServiceHealth.Read.All'],
    },
    {
      operation: 'messages',
      route: 'admin/serviceAnnouncement/messages',
      type: 'microsoft.graph.serviceUpdateMessage',
      permissions: ['ServiceMessage.Read.All'],
    },
  ],
);

/** The endpoints about what the tenant has: directory, Intune, service health. */
export const directoryEndpoints = [...lists, ...deltas, ...others, ...intune, ...serviceHealth];
