import { activityFeed } from '../microsoft/activityFeed';

/** Mailbox and mail administration events from the unified audit log. */
export const activityExchange = activityFeed({
  id: 'activity.exchange',
  title: 'Exchange activity',
  contentType: 'Audit.Exchange',
  category: 'Office365.Audit.Exchange',
  docs: 'https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema#exchange-admin-schema',
  why: 'Reads the mailbox and mail administration events of the unified audit log.',
});
