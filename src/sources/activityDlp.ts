import { activityFeed } from '../microsoft/activityFeed';

/**
 * Data loss prevention events of Exchange, SharePoint, OneDrive and endpoints. With ActivityFeed.Read alone Microsoft leaves the sensitive values
 * out (`SensitiveInfoDetectionIsIncluded` is false); ActivityFeed.ReadDlp would add them in clear text and is not requested.
 */
export const activityDlp = activityFeed({
  id: 'activity.dlp',
  title: 'Data loss prevention events',
  contentType: 'DLP.All',
  category: 'Office365.DLP.All',
  docs: 'https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema#dlp-schema',
  why: 'Reads data loss prevention events. The sensitive values themselves are left out: they would need ActivityFeed.ReadDlp, which is never asked for.',
});
