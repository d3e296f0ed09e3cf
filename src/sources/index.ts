import type { Source } from '../domain/source';
import { activityAzureActiveDirectory } from './activityAzureActiveDirectory';
import { activityDlp } from './activityDlp';
import { activityExchange } from './activityExchange';
import { activityGeneral } from './activityGeneral';
import { activitySharePoint } from './activitySharePoint';
import { alertsV2 } from './alertsV2';
import { appRoleAssignments } from './appRoleAssignments';
import { conditionalAccessPolicies } from './conditionalAccessPolicies';
import { defenderAlerts } from './defenderAlerts';
import { defenderMachines } from './defenderMachines';
import { detectedApps } from './detectedApps';
import { deviceCompliancePolicies } from './deviceCompliancePolicies';
import { deviceConfigurations } from './deviceConfigurations';
import { devices } from './devices';
import { directoryAudits } from './directoryAudits';
import { groupMembers } from './groupMembers';
import { groups } from './groups';
import { healthIssues } from './healthIssues';
import { healthOverviews } from './healthOverviews';
import { incidents } from './incidents';
import { managedDevices } from './managedDevices';
import { messages } from './messages';
import { mobileApps } from './mobileApps';
import { oauth2PermissionGrants } from './oauth2PermissionGrants';
import { organization } from './organization';
import { riskDetections } from './riskDetections';
import { riskyServicePrincipals } from './riskyServicePrincipals';
import { riskyUsers } from './riskyUsers';
import { secureScoreControlProfiles } from './secureScoreControlProfiles';
import { secureScores } from './secureScores';
import { servicePrincipalRiskDetections } from './servicePrincipalRiskDetections';
import { servicePrincipals } from './servicePrincipals';
import { signInActivity } from './signInActivity';
import { signIns } from './signIns';
import { signInsManagedIdentity } from './signInsManagedIdentity';
import { signInsNonInteractive } from './signInsNonInteractive';
import { signInsServicePrincipal } from './signInsServicePrincipal';
import { subscribedSkus } from './subscribedSkus';
import { users } from './users';

/** All sources there are. */
export const sources: readonly Source[] = [
  activityAzureActiveDirectory,
  activityExchange,
  activitySharePoint,
  activityGeneral,
  activityDlp,
  alertsV2,
  incidents,
  defenderAlerts,
  signIns,
  signInsNonInteractive,
  signInsServicePrincipal,
  signInsManagedIdentity,
  directoryAudits,
  riskyUsers,
  riskDetections,
  riskyServicePrincipals,
  servicePrincipalRiskDetections,
  users,
  groups,
  groupMembers,
  devices,
  defenderMachines,
  organization,
  subscribedSkus,
  servicePrincipals,
  appRoleAssignments,
  oauth2PermissionGrants,
  signInActivity,
  managedDevices,
  deviceConfigurations,
  deviceCompliancePolicies,
  mobileApps,
  detectedApps,
  healthOverviews,
  healthIssues,
  messages,
  secureScores,
  secureScoreControlProfiles,
  conditionalAccessPolicies,
];
