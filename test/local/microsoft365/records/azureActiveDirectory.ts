import { bigNumber, properties, type OperationRow, type RecordContext } from './operation';
import { someAddress, someAgent, somePerson, someText } from './vocabulary';

function change(name: string, oldValue: unknown, newValue: unknown) {
  return { Name: name, OldValue: JSON.stringify(oldValue), NewValue: JSON.stringify(newValue) };
}

function signIn({ random, user, tenantId }: RecordContext, outcome: 'Success' | 'Failed'): Record<string, unknown> {
  const application = random.pick(['00000003-0000-0ff1-ce00-000000000000', '4765445b-32c6-49b0-83e6-1d93765276ca']);
  const address = someAddress(random);
  return {
    ResultStatus: outcome,
    ObjectId: application,
    UserKey: user.objectId,
    ClientIP: address,
    ActorIpAddress: address,
    AzureActiveDirectoryEventType: 1,
    ApplicationId: application,
    ExtendedProperties: properties({
      ResultStatusDetail: outcome === 'Success' ? 'Success' : 'UserError',
      UserAgent: someAgent(random),
      RequestType: random.pick(['OAuth2:Authorize', 'Login:reprocess', 'SAS:EndAuth']),
    }),
    ModifiedProperties: [],
    Actor: [
      { ID: user.objectId, Type: 0 },
      { ID: user.upn, Type: 5 },
    ],
    ActorContextId: tenantId,
    InterSystemsId: random.guid(),
    IntraSystemId: random.guid(),
    SupportTicketId: '',
    Target: [{ ID: application, Type: 0 }],
    TargetContextId: tenantId,
    DeviceProperties: properties({
      OS: random.pick(['Windows 11', 'MacOs', 'Ios', 'Android']),
      BrowserType: random.pick(['Edge', 'Chrome', 'Safari', 'Other']),
      IsCompliantAndManaged: String(random.chance(0.6)),
      SessionId: random.guid(),
    }),
    ErrorNumber: outcome === 'Success' ? '0' : '50126',
    ...(outcome === 'Failed' ? { LogonError: 'InvalidUserNameOrPassword' } : {}),
  };
}

function directory(context: RecordContext, modified: object[], details: Record<string, unknown> = {}): Record<string, unknown> {
  const { random, user, tenantId, domain } = context;
  const target = somePerson(random, domain);
  return {
    ResultStatus: 'Success',
    ObjectId: target.upn,
    UserKey: `${user.puid}@${domain}`,
    ClientIP: null,
    AzureActiveDirectoryEventType: 1,
    ExtendedProperties: properties({
      additionalDetails: JSON.stringify({ UserType: 'Member', 'User-Agent': someAgent(random), ...details }),
      extendedAuditEventCategory: 'User',
    }),
    ModifiedProperties: [
      ...modified,
      { Name: 'Included Updated Properties', OldValue: '', NewValue: modified.length > 0 ? 'see list' : '' },
    ],
    Actor: [
      { ID: user.upn, Type: 5 },
      { ID: user.puid, Type: 3 },
      { ID: `User_${user.objectId}`, Type: 2 },
    ],
    ActorContextId: tenantId,
    ActorIpAddress: someAddress(random),
    InterSystemsId: random.guid(),
    IntraSystemId: random.guid(),
    SupportTicketId: '',
    Target: [
      { ID: `User_${target.objectId}`, Type: 2 },
      { ID: target.objectId, Type: 2 },
      { ID: 'User', Type: 2 },
      { ID: target.upn, Type: 5 },
      { ID: target.name, Type: 1 },
    ],
    TargetContextId: tenantId,
  };
}

const table: [operation: string, recordType: number, fields: OperationRow['fields']][] = [
  ['UserLoggedIn', 15, (c) => signIn(c, 'Success')],
  ['UserLoginFailed', 15, (c) => signIn(c, 'Failed')],
  ['Add user.', 8, (c) => directory(c, [change('DisplayName', [], [c.user.name]), change('AccountEnabled', [], [true])])],
  [
    'Update user.',
    8,
    (c) =>
      directory(c, [
        change('StrongAuthenticationMethod', [], [{ MethodType: 7, Default: true, Id: c.random.guid() }]),
        change('OtherMails', [], [`privat+${c.random.hex(6)}@example.org`]),
        ...Array.from({ length: c.random.int(0, 18) }, (_, i) => change(`ExtensionAttribute${i + 1}`, [someText(c.random)], [])),
      ]),
  ],
  ['Delete user.', 8, (c) => directory(c, [change('Is Hard Deleted', [], ['False'])])],
  ['Reset user password.', 8, (c) => directory(c, [])],
  [
    'Change user license.',
    8,
    (c) => directory(c, [change('AssignedLicense', [], [{ SkuName: 'SPE_E5', AccountId: c.tenantId, DisabledPlans: [] }])]),
  ],
  [
    'Add member to role.',
    8,
    (c) => directory(c, [change('Role.DisplayName', '', 'Global Administrator'), change('Role.TemplateId', '', c.random.guid())]),
  ],
  ['Remove member from role.', 8, (c) => directory(c, [change('Role.DisplayName', 'Helpdesk Administrator', '')])],
  ['Add member to group.', 8, (c) => directory(c, [change('Group.DisplayName', '', `Équipe ${c.user.name}`)])],
  [
    'Consent to application.',
    8,
    (c) =>
      directory(
        c,
        [
          change('ConsentContext.IsAdminConsent', '', 'True'),
          change(
            'ConsentAction.Permissions',
            '',
            `[] => [[Id: ${c.random.hex(30)}, Scope: Mail.Read offline_access, CreatedDateTime: ]];`,
          ),
        ],
        { AppId: c.random.guid() },
      ),
  ],
  ['Add service principal.', 8, (c) => directory(c, [change('AppPrincipalId', [], [c.random.guid()])])],
  [
    'Update application – Certificates and secrets management ',
    8,
    (c) => directory(c, [change('KeyDescription', [], [`[KeyIdentifier=${c.random.guid()},KeyType=Password,KeyUsage=Verify]`])]),
  ],
  ['Set Company Information.', 8, (c) => directory(c, [change('TechnicalContact', [], [c.user.upn])])],
  [
    'RiskDetection',
    294,
    (c) => ({ ...directory(c, []), RiskEventType: 'unfamiliarFeatures', RiskState: 'atRisk', RiskSequence: bigNumber(c.random) }),
  ],
];

/** Operations of Audit.AzureActiveDirectory. */
export const azureActiveDirectory: readonly OperationRow[] = table.map(([operation, recordType, fields]) => ({
  operation,
  recordType,
  workload: 'AzureActiveDirectory',
  fields,
}));
