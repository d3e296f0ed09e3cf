import { activityFeed } from '../microsoft/activityFeed';

/** Sign-ins and directory changes from the unified audit log. */
export const activityAzureActiveDirectory = activityFeed({
  id: 'activity.azureActiveDirectory',
  title: 'Entra ID activity',
  contentType: 'Audit.AzureActiveDirectory',
  category: 'Office365.Audit.AzureActiveDirectory',
  docs: 'https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema#azure-active-directory-base-schema',
  why: 'Reads the sign-ins and directory changes of the unified audit log.',
});
