import { bigNumber, properties, type OperationRow, type RecordContext } from './operation';
import { someAddress, somePerson, someText, someFile } from './vocabulary';

function mailbox({ random, user, domain }: RecordContext): Record<string, unknown> {
  return {
    ResultStatus: 'Succeeded',
    ClientIPAddress: someAddress(random),
    ClientInfoString: random.pick(['Client=OWA;Action=ViaProxy', 'Client=MSExchangeRPC', 'Client=REST;Client=RESTSystem;;']),
    ExternalAccess: false,
    InternalLogonType: 0,
    LogonType: random.int(0, 2),
    LogonUserSid: `S-1-5-21-${random.int(1, 4e9)}-${random.int(1, 4e9)}-${random.int(1, 4e9)}-${random.int(1000, 99_999)}`,
    MailboxGuid: random.guid(),
    MailboxOwnerSid: `S-1-5-21-${random.int(1, 4e9)}-${random.int(1, 4e9)}-${random.int(1000, 99_999)}`,
    MailboxOwnerUPN: user.upn,
    OrganizationName: domain,
    OriginatingServer: `PAXP193MB${random.int(1000, 9999)} (15.20.8158.016)\r\n`,
    SessionId: random.guid(),
    SessionSequence: bigNumber(random),
  };
}

function message({ random, domain }: RecordContext): Record<string, unknown> {
  return {
    Id: `RgAAAAD${random.hex(60)}AAAJ`,
    InternetMessageId: `<${random.hex(32)}@PAXP193MB${random.int(1000, 9999)}.${domain}>`,
    SizeInBytes: random.int(2000, 5_000_000),
    Subject: someText(random, 1),
    ...(random.chance(0.3) ? { Attachments: `${someFile(random)} (${random.int(1, 900)}kb)` } : {}),
  };
}

function messages(context: RecordContext, most: number): object[] {
  return Array.from({ length: context.random.int(1, most) }, () => message(context));
}

function cmdlet(context: RecordContext, parameters: Record<string, string>): Record<string, unknown> {
  const { random, domain, user } = context;
  return {
    ResultStatus: random.pick(['True', 'True', 'False']),
    UserType: 2,
    ObjectId: `${domain}\\${user.name}`,
    AppId: 'fb78d390-0c51-40cd-8e17-fdbfab77341b',
    ClientAppId: '',
    ExternalAccess: random.chance(0.1),
    OrganizationName: domain,
    OriginatingServer: `PAXP193MB${random.int(1000, 9999)} (15.20.8158.016)`,
    Parameters: properties({ Identity: `${domain}/Users/${user.name}`, ...parameters }),
    RequestId: random.guid(),
    SessionId: random.guid(),
  };
}

const table: [operation: string, recordType: number, fields: OperationRow['fields']][] = [
  [
    'MailItemsAccessed',
    50,
    (c) => ({
      ...mailbox(c),
      OperationProperties: properties({ MailAccessType: c.random.pick(['Bind', 'Sync']), IsThrottled: 'False' }),
      OperationCount: c.random.int(1, 100),
      Folders: [{ Id: `LgAAAAD${c.random.hex(50)}`, Path: '\\Boîte de réception', FolderItems: messages(c, 12) }],
    }),
  ],
  ['Send', 2, (c) => ({ ...mailbox(c), Item: { ...message(c), ParentFolder: { Path: '\\Drafts', Id: c.random.hex(50) } } })],
  ['SendAs', 2, (c) => ({ ...mailbox(c), SendAsUserSmtp: somePerson(c.random, c.domain).upn, Item: message(c) })],
  ['Create', 2, (c) => ({ ...mailbox(c), Item: { ...message(c), ParentFolder: { Path: '\\Kalender' } } })],
  ['SoftDelete', 3, (c) => ({ ...mailbox(c), AffectedItems: messages(c, 8), CrossMailboxOperation: false })],
  ['HardDelete', 3, (c) => ({ ...mailbox(c), AffectedItems: messages(c, 10), CrossMailboxOperation: false })],
  [
    'MoveToDeletedItems',
    3,
    (c) => ({ ...mailbox(c), AffectedItems: messages(c, 4), DestFolder: { Path: '\\Gelöschte Elemente' } }),
  ],
  [
    'New-InboxRule',
    1,
    (c) =>
      cmdlet(c, { Name: '..', SubjectOrBodyContainsWords: 'invoice;Rechnung;請求書', DeleteMessage: 'True', MarkAsRead: 'True' }),
  ],
  ['Set-InboxRule', 1, (c) => cmdlet(c, { ForwardTo: `smtp:exfil-${c.random.hex(4)}@example.net`, Name: someText(c.random, 1) })],
  [
    'UpdateInboxRules',
    2,
    (c) => ({
      ...mailbox(c),
      OperationProperties: properties({
        RuleOperation: 'AddMailboxRule',
        RuleName: someText(c.random, 1),
        RuleActions: JSON.stringify([{ ActionType: 'Forward', Recipients: ['exfil@example.net'], ForwardFlags: 'None' }]),
      }),
    }),
  ],
  ['Set-Mailbox', 1, (c) => cmdlet(c, { ForwardingSmtpAddress: 'smtp:archive@example.org', DeliverToMailboxAndForward: 'True' })],
  [
    'Add-MailboxPermission',
    1,
    (c) => cmdlet(c, { User: somePerson(c.random, c.domain).upn, AccessRights: 'FullAccess', AutoMapping: 'False' }),
  ],
  ['Set-AdminAuditLogConfig', 1, (c) => cmdlet(c, { UnifiedAuditLogIngestionEnabled: c.random.pick(['True', 'False']) })],
  [
    'New-TransportRule',
    1,
    (c) => cmdlet(c, { Name: 'Quarantäne', SentToScope: 'NotInOrganization', BlindCopyTo: 'x@example.com' }),
  ],
  ['MailboxLogin', 2, (c) => ({ ...mailbox(c), ClientVersion: '16.0.18129.20158' })],
];

/** Operations of Audit.Exchange. */
export const exchange: readonly OperationRow[] = table.map(([operation, recordType, fields]) => ({
  operation,
  recordType,
  workload: 'Exchange',
  fields,
}));
