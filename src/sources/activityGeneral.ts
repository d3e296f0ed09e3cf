import { activityFeed } from '../microsoft/activityFeed';

/** Everything in the unified audit log that has no content type of its own. */
export const activityGeneral = activityFeed({
  id: 'activity.general',
  title: 'Teams, Defender, Power Platform and other activity',
  contentType: 'Audit.General',
  category: 'Office365.Audit.General',
  docs: 'https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#working-with-the-office-365-management-activity-api',
  why: 'Reads the events of the unified audit log that have no content type of their own, such as those of Teams.',
});
