import { activityFeed } from '../microsoft/activityFeed';

/** File, sharing and site events from the unified audit log. */
export const activitySharePoint = activityFeed({
  id: 'activity.sharePoint',
  title: 'SharePoint and OneDrive activity',
  contentType: 'Audit.SharePoint',
  category: 'Office365.Audit.SharePoint',
  docs: 'https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema#sharepoint-base-schema',
  why: 'Reads the file, sharing and site events of the unified audit log.',
});
