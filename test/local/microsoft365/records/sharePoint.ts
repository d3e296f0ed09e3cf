import { bigNumber, type OperationRow, type RecordContext } from './operation';
import { someAgent, someFile, somePerson, someSite, someText } from './vocabulary';

function item(context: RecordContext): Record<string, unknown> {
  const { random, domain, user } = context;
  const site = `https://${domain.split('.')[0] ?? 'tenant'}.sharepoint.com/sites/${encodeURIComponent(someSite(random))}/`;
  const file = someFile(random);
  return {
    UserKey: `i:0h.f|membership|${user.puid.toLowerCase()}@live.com`,
    ObjectId: `${site}Shared Documents/${file}`,
    CorrelationId: random.guid(),
    EventSource: 'SharePoint',
    ItemType: 'File',
    ListId: random.guid(),
    ListItemUniqueId: random.guid(),
    Site: random.guid(),
    UserAgent: someAgent(random),
    WebId: random.guid(),
    DeviceDisplayName: `LAPTOP-${random.hex(6).toUpperCase()}`,
    AuthenticationType: 'OAuth',
    HighPriorityMediaProcessing: false,
    FileSizeBytes: random.chance(0.1) ? bigNumber(random) : random.int(100, 5_000_000),
    SiteUrl: site,
    SourceFileExtension: file.split('.').at(-1),
    SourceFileName: file,
    SourceRelativeUrl: 'Shared Documents',
    ApplicationDisplayName: random.pick(['OneDrive SyncEngine', 'SharePoint Online Web Client Extensibility', 'Office 365']),
  };
}

function sharing(context: RecordContext, type: string): Record<string, unknown> {
  const { random, domain } = context;
  return {
    ...item(context),
    TargetUserOrGroupType: type,
    TargetUserOrGroupName: type === 'Guest' ? `gäst_${random.hex(4)}#ext#@${domain}` : somePerson(random, domain).upn,
    UniqueSharingId: random.guid(),
    EventData: `<Type>Edit</Type><MembersCanShareApplied>False</MembersCanShareApplied><Note>${someText(random, 1)}</Note>`,
  };
}

const table: [operation: string, recordType: number, workload: string, fields: OperationRow['fields']][] = [
  ['FileAccessed', 6, 'SharePoint', item],
  ['FileDownloaded', 6, 'OneDrive', item],
  ['FileModified', 6, 'OneDrive', item],
  ['FileUploaded', 6, 'SharePoint', item],
  ['FileDeleted', 6, 'SharePoint', item],
  ['FilePreviewed', 6, 'SharePoint', item],
  ['FileSyncDownloadedFull', 6, 'OneDrive', item],
  [
    'FileRenamed',
    6,
    'SharePoint',
    (c) => ({ ...item(c), DestinationFileName: someFile(c.random), DestinationRelativeUrl: 'Shared Documents/📁 Alt' }),
  ],
  ['SharingSet', 14, 'SharePoint', (c) => sharing(c, 'Member')],
  ['SharingInvitationCreated', 14, 'SharePoint', (c) => sharing(c, 'Guest')],
  ['AddedToSecureLink', 14, 'OneDrive', (c) => sharing(c, 'Guest')],
  [
    'AnonymousLinkCreated',
    14,
    'OneDrive',
    (c) => ({ ...sharing(c, 'Guest'), EventData: '<Expiration Date>none</Expiration Date>' }),
  ],
  [
    'SiteCollectionAdminAdded',
    4,
    'SharePoint',
    (c) => ({ ...item(c), ItemType: 'Site', ModifiedProperties: [{ Name: 'SiteAdmin', NewValue: c.user.upn, OldValue: '' }] }),
  ],
  ['PageViewed', 4, 'SharePoint', (c) => ({ ...item(c), ItemType: 'Page', CustomUniqueId: false })],
  [
    'SearchQueryPerformed',
    4,
    'SharePoint',
    (c) => ({ ...item(c), SearchQueryText: someText(c.random), QuerySource: 'SharePoint', Culture: 'ar-SA' }),
  ],
  ['CommentCreated', 37, 'SharePoint', (c) => ({ ...item(c), CommentId: bigNumber(c.random), ItemType: 'Comment' })],
  [
    'ListItemUpdated',
    36,
    'SharePoint',
    (c) => ({
      ...item(c),
      ListBaseType: 'GenericList',
      ListTitle: 'Aufgaben ✅',
      ModifiedProperties: Array.from({ length: c.random.int(1, 25) }, (_, i) => ({
        Name: `Spalte_x0020_${i}`,
        OldValue: someText(c.random, 1),
        NewValue: someText(c.random, 2),
      })),
    }),
  ],
];

/** Operations of Audit.SharePoint. */
export const sharePoint: readonly OperationRow[] = table.map(([operation, recordType, workload, fields]) => ({
  operation,
  recordType,
  workload,
  fields,
}));
