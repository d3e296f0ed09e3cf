import { cloudIds } from '../domain/cloud';
import type { Permission, Source, SourceFacts } from '../domain/source';
import { activityListing } from '../domain/window';
import { readContent } from './activityContent';
import { listWindow } from './activityListing';
import { activityPermission, feedUrl, readArray } from './activityRequests';
import { prepareSubscription } from './activitySubscription';

/** What sets one content type of the Management Activity API apart. */
export interface ActivityFeedSpec extends Pick<SourceFacts, 'id' | 'title' | 'docs' | 'category'> {
  /** As Microsoft writes it: `Audit.Exchange`. */
  readonly contentType: string;
  readonly why: string;
}

/**
 * A source over one content type of the Office 365 Management Activity API: its subscription, its list of content blobs, and their records.
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference
 */
export function activityFeed(spec: ActivityFeedSpec): Source {
  const { id, title, docs, category, contentType, why } = spec;
  const permission: Permission = { api: 'management', role: activityPermission, why };
  return {
    id,
    title,
    docs,
    category,
    integration: 'office365Audit',
    api: 'management',
    permissions: [permission],
    anyLicenceOf: [],
    clouds: cloudIds,
    progress: { kind: 'contentFeed', rules: activityListing },
    resourceProvider: 'Microsoft.Office365',
    hub: 'm365-audit',
    prepare: (run, memory, remember) => prepareSubscription(run, contentType, memory, remember),
    check: async (run) => {
      const doing = 'probing';
      const url = feedUrl(run, 'subscriptions/list', {});
      await readArray(await run.send({ api: 'management', operation: doing, method: 'GET', url }), doing, run.now());
    },
    list: async function* (run, windows) {
      for (const window of windows) yield* listWindow(run, contentType, window);
    },
    read: readContent,
  };
}
