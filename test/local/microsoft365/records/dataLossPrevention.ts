import { withoutZone, type OperationRow, type RecordContext } from './operation';
import { someFile, somePerson, someText } from './vocabulary';

function match(context: RecordContext, place: Record<string, unknown>): Record<string, unknown> {
  const { random, user, sensitive } = context;
  const detected = {
    DetectedValues: [{ Name: 'Credit Card Number', Value: '4111 1111 1111 1111 (fake)', Context: someText(random) }],
  };
  return {
    UserKey: 'DlpAgent',
    UserType: 4,
    UserId: 'DlpAgent',
    ClientIP: null,
    IncidentId: random.guid(),
    PolicyDetails: [
      {
        PolicyId: random.guid(),
        PolicyName: 'Zahlungsdaten – GDPR',
        Rules: [
          {
            RuleId: random.guid(),
            RuleName: 'Hohe Anzahl 🔒',
            RuleMode: 'Enable',
            Severity: random.pick(['Low', 'Medium', 'High']),
            Actions: ['BlockAccess', 'NotifyUser', 'GenerateAlert'],
            ConditionsMatched: {
              SensitiveInformation: Array.from({ length: random.int(1, 4) }, () => ({
                SensitiveType: random.guid(),
                SensitiveInformationTypeName: random.pick(['Credit Card Number', 'EU Passport Number', 'IBAN']),
                Count: random.int(1, 400),
                Confidence: random.pick([65, 75, 85]),
                UniqueCount: random.int(1, 50),
                ...(sensitive ? { SensitiveInformationDetections: { ...detected, ResultsTruncated: false } } : {}),
              })),
              OtherConditions: [{ Name: 'AccessScope', Value: `NotInOrganization / ${user.upn}` }],
            },
          },
        ],
      },
    ],
    SensitiveInfoDetectionIsIncluded: sensitive,
    ...place,
  };
}

function document({ random, user, at }: RecordContext): Record<string, unknown> {
  const file = someFile(random);
  return {
    SharePointMetaData: {
      From: user.upn,
      itemCreationTime: withoutZone(at),
      FileName: file,
      FileOwner: user.name,
      FilePathUrl: `https://example.sharepoint.com/sites/Finance/Shared Documents/${file}`,
      UniqueID: random.guid(),
      FileSize: random.int(10, 9_000_000),
      IsViewableByExternalUsers: random.chance(0.5),
      SensitivityLabelIds: [random.guid()],
    },
  };
}

function mail({ random, user, domain }: RecordContext): Record<string, unknown> {
  return {
    ExchangeMetaData: {
      MessageID: `<${random.hex(30)}@${domain}>`,
      From: user.upn,
      To: Array.from({ length: random.int(1, 12) }, () => somePerson(random, domain).upn),
      CC: [],
      BCC: [],
      Subject: someText(random, 1),
      Sent: '2026-01-01T00:00:00',
      RecipientCount: 1,
    },
  };
}

/** Operations of DLP.All. */
export const dataLossPrevention: readonly OperationRow[] = [
  { operation: 'DlpRuleMatch', recordType: 11, workload: 'SharePoint', fields: (c) => match(c, document(c)) },
  { operation: 'DlpRuleMatch', recordType: 13, workload: 'Exchange', fields: (c) => match(c, mail(c)) },
  {
    operation: 'DlpRuleMatch',
    recordType: 63,
    workload: 'Endpoint',
    fields: (c) =>
      match(c, {
        EndpointMetaData: { EnforcementMode: 1, FilePath: `C:\\Users\\x\\${someFile(c.random)}`, DeviceName: 'PC-07' },
      }),
  },
  {
    operation: 'DlpRuleUndo',
    recordType: 13,
    workload: 'Exchange',
    fields: (c) => match(c, { ...mail(c), ExceptionInfo: someText(c.random) }),
  },
  { operation: 'DlpInfo', recordType: 11, workload: 'OneDrive', fields: (c) => match(c, document(c)) },
];
