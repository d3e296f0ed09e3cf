import { bigNumber, properties, withoutZone, type OperationRow, type RecordContext } from './operation';
import { someAddress, someAgent, someFile, somePerson, someText } from './vocabulary';

function teams({ random }: RecordContext): Record<string, unknown> {
  return {
    ResultStatus: 'Succeeded',
    TeamGuid: `19:${random.hex(32)}@thread.tacv2`,
    TeamName: random.pick(['Vertrieb DACH', '営業部 🌸', 'فريق المبيعات', 'Équipe Sécurité']),
    AADGroupId: random.guid(),
    ExtraProperties: [
      { Key: 'TimeZone', Value: 'Europe/Berlin' },
      { Key: 'OsName', Value: 'windows' },
      { Key: 'ClientVersion', Value: '49/24102001318' },
      { Key: 'UserAgent', Value: someAgent(random) },
    ],
  };
}

function alert({ random, user, at }: RecordContext, data: Record<string, unknown>): Record<string, unknown> {
  return {
    UserId: 'SecurityComplianceAlerts',
    UserKey: 'SecurityComplianceAlerts',
    UserType: 4,
    ClientIP: null,
    AlertId: random.guid(),
    AlertLinks: [{ AlertLinkHref: 'https://security.microsoft.com/alerts/simulated' }],
    AlertType: 'System',
    Category: random.pick(['ThreatManagement', 'DataLossPrevention', 'AccessGovernance']),
    Comments: someText(random, 1),
    Data: JSON.stringify({
      etype: 'User',
      eid: user.upn,
      ts: at.toISOString(),
      lon: 'MailRedirect',
      nested: JSON.stringify(data),
    }),
    Name: random.pick(['Creation of forwarding/redirect rule', 'Unusual volume of file deletion', 'Phish delivered']),
    PolicyId: random.guid(),
    Severity: random.pick(['Low', 'Medium', 'High', 'Informational']),
    Source: 'Office 365 Security & Compliance',
    Status: 'Active',
  };
}

function mailThreat({ random, user, at }: RecordContext): Record<string, unknown> {
  return {
    UserId: 'ThreatIntel',
    UserKey: 'ThreatIntel',
    UserType: 4,
    AttachmentData: [
      { FileName: someFile(random), FileType: 'html', FileVerdict: 1, SHA256: random.hex(64), MalwareFamily: 'None' },
    ],
    DetectionMethod: 'URL malicious reputation',
    DetectionType: 'Inline',
    EventDeepLink: 'https://security.microsoft.com/?hash=/threatexplorer',
    InternetMessageId: `<${random.hex(24)}@mail.example.net>`,
    MessageTime: withoutZone(at),
    NetworkMessageId: random.guid(),
    NetworkMessageSequence: bigNumber(random),
    P1Sender: `bounce-${random.hex(6)}@example.net`,
    P2Sender: 'zahlung@example.net',
    Recipients: [user.upn],
    SenderIp: someAddress(random),
    Subject: someText(random, 1),
    Verdict: random.pick(['Phish', 'Malware', 'Spam']),
  };
}

function copilot(context: RecordContext): Record<string, unknown> {
  const { random, domain } = context;
  const files = Array.from({ length: random.int(0, 6) }, () => ({
    Action: 'Read',
    ID: random.hex(80),
    Name: someFile(random),
    SensitivityLabelId: random.guid(),
    SiteUrl: `https://${domain.split('.')[0] ?? ''}.sharepoint.com/sites/Finance/Shared%20Documents/x.docx?web=1`,
    Type: 'docx',
  }));
  return {
    ClientRegion: random.pick(['DE', 'JP', 'AE']),
    CopilotEventData: {
      AISystemPlugin: [{ Id: 'BingWebSearch', Name: 'BuiltIn' }],
      AccessedResources: files,
      AppHost: random.pick(['Word', 'Teams', 'Bing', 'Office']),
      Contexts: [{ Id: `https://example.sharepoint.com/Doc.aspx?file=${encodeURIComponent(someFile(random))}`, Type: 'docx' }],
      Messages: [
        { Id: String(random.int(1e12, 2e12)), isPrompt: true },
        { Id: String(random.int(1e12, 2e12)), isPrompt: false },
      ],
      ModelTransparencyDetails: [{ ModelName: 'DEEP_LEO' }],
      ThreadId: `19:${random.hex(40)}@thread.v2`,
    },
  };
}

function investigation(context: RecordContext): Record<string, unknown> {
  const { random, user, at } = context;
  const entities = Array.from({ length: random.int(1, 9) }, (_, i) => ({
    $id: String(i + 1),
    Type: 'mailMessage',
    Recipient: user.upn,
    Subject: someText(random, 1),
    NetworkMessageId: random.guid(),
    Urls: [`https://example.net/${random.hex(12)}`],
  }));
  return {
    UserId: 'AirInvestigation',
    UserKey: 'AirInvestigation',
    UserType: 4,
    InvestigationId: `urn:ZappedUrlInvestigation:${random.hex(32)}`,
    InvestigationName: `Mail with malicious urls is zapped - ${someText(random, 1)}`,
    InvestigationType: 'ZappedUrlInvestigation',
    LastUpdateTimeUtc: withoutZone(at),
    RunningTime: random.int(10, 90_000),
    Status: random.pick(['Investigation Started', 'Pending Action', 'Remediated']),
    Data: JSON.stringify({ Version: '3.0', VendorName: 'Microsoft', Entities: entities }),
  };
}

function power(context: RecordContext, values: Record<string, unknown>): Record<string, unknown> {
  const { random, tenantId } = context;
  return {
    ResultStatus: 'Success',
    EnvironmentName: `Default-${tenantId}`,
    PropertyCollection: properties({ 'powerplatform.analytics.resource.display_name': someText(random, 1), version: '1.0' }),
    ...values,
  };
}

const table: [operation: string, recordType: number, workload: string, fields: OperationRow['fields']][] = [
  ['TeamCreated', 25, 'MicrosoftTeams', teams],
  [
    'MemberAdded',
    25,
    'MicrosoftTeams',
    (c) => ({ ...teams(c), Members: [{ UPN: somePerson(c.random, c.domain).upn, Role: 1 }] }),
  ],
  ['MessageSent', 25, 'MicrosoftTeams', (c) => ({ ...teams(c), MessageId: bigNumber(c.random), CommunicationType: 'Channel' })],
  ['TeamsSessionStarted', 25, 'MicrosoftTeams', teams],
  [
    'MeetingParticipantDetail',
    25,
    'MicrosoftTeams',
    (c) => ({
      ...teams(c),
      MeetingDetailId: c.random.guid(),
      Attendees: Array.from({ length: c.random.int(1, 20) }, () => {
        const person = somePerson(c.random, c.domain);
        return { OrganizationId: c.tenantId, UserObjectId: person.objectId, DisplayName: person.name };
      }),
    }),
  ],
  ['AppInstalled', 25, 'MicrosoftTeams', (c) => ({ ...teams(c), AddOnName: 'Umfragen ✔', AddOnGuid: c.random.guid() })],
  ['AlertTriggered', 40, 'SecurityComplianceCenter', (c) => alert(c, { op: 'AlertTriggered', sev: 'High' })],
  ['AlertEntityGenerated', 40, 'SecurityComplianceCenter', (c) => alert(c, { te: c.at.toISOString(), dm: someText(c.random) })],
  ['TIMailData', 28, 'ThreatIntelligence', mailThreat],
  [
    'TIUrlClickData',
    41,
    'ThreatIntelligence',
    (c) => ({ ...mailThreat(c), Url: `https://example.net/${c.random.hex(8)}?a=1&b=ü` }),
  ],
  ['AirInvestigationData', 64, 'AirInvestigation', investigation],
  [
    'QuarantineReleaseMessage',
    65,
    'Quarantine',
    (c) => ({ NetworkMessageId: c.random.guid(), RequestSource: 0, RequestType: 2 }),
  ],
  ['LaunchPowerApp', 45, 'PowerApps', (c) => power(c, { AppName: c.random.guid(), AdditionalInfo: '{"location":"/web"}' })],
  [
    'CreateFlow',
    30,
    'MicrosoftFlow',
    (c) => power(c, { FlowDetailsUrl: 'https://make.powerautomate.com/flows/1', FlowConnectorNames: 'Office 365 Outlook, HTTP' }),
  ],
  [
    'ViewReport',
    20,
    'PowerBI',
    (c) => power(c, { ReportName: someFile(c.random), WorkSpaceName: 'Mein Arbeitsbereich', IsSuccess: true }),
  ],
  [
    'CrmDefaultActivity',
    21,
    'CRM',
    (c) => power(c, { EntityId: c.random.guid(), Message: 'RetrieveMultiple', QueryResults: someText(c.random, 9) }),
  ],
  ['CopilotInteraction', 261, 'Copilot', copilot],
  [
    'SensitivityLabelApplied',
    94,
    'Aip',
    (c) => ({
      SensitivityLabelEventData: { SensitivityLabelId: c.random.guid(), LabelEventType: 4 },
      ObjectId: someFile(c.random),
    }),
  ],
  [
    'HeartBeat',
    97,
    'Aip',
    (c) => ({ Common: { DeviceName: `PC-${c.random.hex(5)}`, ProcessName: 'WINWORD', ProductVersion: '2.18.38.0' } }),
  ],
  [
    'SearchExported',
    24,
    'SecurityComplianceCenter',
    (c) => ({ Case: 'Fall №12', ExtendedProperties: properties({ Query: someText(c.random) }) }),
  ],
  // The live service sends record types that no list names.
  [
    'SimulatedUndocumentedOperation',
    1518,
    'SimulatedWorkload',
    (c) => ({ Payload: { Level: { Deep: [[[bigNumber(c.random)]]] } } }),
  ],
];

/** Operations of Audit.General. */
export const general: readonly OperationRow[] = table.map(([operation, recordType, workload, fields]) => ({
  operation,
  recordType,
  workload,
  fields,
}));
