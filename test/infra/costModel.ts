/** What a month is estimated for. */
export interface Workload {
  readonly tenants: number;
  readonly recordsPerMonth: number;
  readonly recordBytes: number;
  /** Flex Consumption, or the size of an instance on Elastic Premium and how many there are at least. */
  readonly plan:
    | { readonly flex: true; readonly alwaysReady: number }
    | { readonly flex: false; readonly size: string; readonly least: number };
  readonly memoryGigabytes: number;
  readonly processingUnits: number;
  readonly privateEndpoints: number;
  readonly privateDnsZones: number;
  readonly logRules: readonly { readonly frequency: string }[];
  readonly metricRules: number;
  readonly ownEventHubs: boolean;
}

/** One line of the bill, in US dollars a month. */
export interface CostLine {
  readonly what: string;
  readonly how: string;
  readonly dollars: number;
}

/**
 * List prices in US dollars, pay as you go, for the region East US: the order of magnitude as of November 2026, not read from a price list. Prices of other
 * regions differ by up to a third. https://azure.microsoft.com/pricing/calculator is what counts.
 */
export const prices = {
  flexGigabyteSecond: 0.000026,
  flexFreeGigabyteSeconds: 100_000,
  flexMillionExecutions: 0.4,
  flexAlwaysReadyGigabyteSecond: 0.000004,
  flexFreeExecutions: 250_000,
  premiumInstance: 158,
  throughputUnitHour: 0.03,
  processingUnitHour: 1.03,
  millionIngressEvents: 0.028,
  tableTenThousandOperations: 0.00036,
  queueTenThousandOperations: 0.004,
  blobTenThousandWrites: 0.05,
  storageGigabyte: 0.045,
  logGigabyte: 2.3,
  freeLogGigabytes: 5,
  vaultTenThousandOperations: 0.03,
  logRule: { PT5M: 1.5, PT10M: 1, PT15M: 0.5, PT30M: 0.5, PT1H: 0.5 } as Readonly<Record<string, number>>,
  metricRule: 0.1,
  privateEndpoint: 7.3,
  privateDnsZone: 0.5,
};

/** What the estimate takes for granted; docs/costs.md names each. */
export const assumptions = {
  sourcesPerTenant: 5,
  minutesBetweenRuns: 5,
  tenantsPerMessage: 10,
  secondsPerMessage: 3,
  secondsPerMillionRecords: 60,
  recordsPerUnit: 200,
  tableOperationsPerRun: 9,
  tableOperationsPerUnit: 3,
  queueOperationsPerMessage: 4,
  hostBlobWrites: 500_000,
  eventBytes: 250_000,
  peakOverMean: 5,
  ledgerBytesPerUnit: 1_000,
  ledgerDays: 30,
  logBytesPerRun: 1_500,
  logBytesPerExecution: 5_000,
  logBytesPerTenantHour: 8_000,
  vaultReadsPerTenant: 2_000,
};

const hours = 730;
const minutes = hours * 60;

/** Estimates a month, line by line. */
export function estimate(load: Workload): readonly CostLine[] {
  const runs = (load.tenants * assumptions.sourcesPerTenant * minutes) / assumptions.minutesBetweenRuns;
  const rounds = minutes / assumptions.minutesBetweenRuns;
  const messages = Math.ceil(load.tenants / assumptions.tenantsPerMessage) * rounds;
  const executions = minutes + messages;
  const seconds =
    minutes + messages * assumptions.secondsPerMessage + (load.recordsPerMonth / 1e6) * assumptions.secondsPerMillionRecords;
  const bytes = load.recordsPerMonth * load.recordBytes;
  const units = load.recordsPerMonth / assumptions.recordsPerUnit;
  const peak = (bytes / (hours * 3_600)) * assumptions.peakOverMean;
  const throughputUnits = Math.max(1, Math.ceil(peak / 1e6));
  const events = bytes / assumptions.eventBytes + load.tenants * assumptions.sourcesPerTenant * hours;
  const tableOperations = runs * assumptions.tableOperationsPerRun + units * assumptions.tableOperationsPerUnit;
  const logGigabytes =
    (runs * assumptions.logBytesPerRun +
      executions * assumptions.logBytesPerExecution +
      load.tenants * hours * assumptions.logBytesPerTenantHour) /
    1e9;
  return [
    ...appLines(load, seconds, executions),
    ...(load.ownEventHubs ? [] : [hubLine(load, throughputUnits, events)]),
    {
      what: 'Storage',
      how: `${round(tableOperations)} table operations, ${round(messages * assumptions.queueOperationsPerMessage)} queue operations, the host's own`,
      dollars:
        (tableOperations / 1e4) * prices.tableTenThousandOperations +
        ((messages * assumptions.queueOperationsPerMessage) / 1e4) * prices.queueTenThousandOperations +
        (assumptions.hostBlobWrites / 1e4) * prices.blobTenThousandWrites +
        ((units * assumptions.ledgerBytesPerUnit * assumptions.ledgerDays) / 30 / 1e9) * prices.storageGigabyte,
    },
    {
      what: 'Key Vault',
      how: `${round(load.tenants * assumptions.vaultReadsPerTenant)} reads`,
      dollars: ((load.tenants * assumptions.vaultReadsPerTenant) / 1e4) * prices.vaultTenThousandOperations,
    },
    {
      what: 'Telemetry',
      how: `${logGigabytes.toFixed(1)} GB of logs, less what is free`,
      dollars: Math.max(0, logGigabytes - prices.freeLogGigabytes) * prices.logGigabyte,
    },
    {
      what: 'Alert rules',
      how: `${load.logRules.length} over logs, ${load.metricRules} over metrics`,
      dollars:
        load.logRules.reduce((sum, { frequency }) => sum + (prices.logRule[frequency] ?? 0), 0) +
        load.metricRules * prices.metricRule,
    },
    ...(load.privateEndpoints > 0
      ? [
          {
            what: 'Private network',
            how: `${load.privateEndpoints} endpoints, ${load.privateDnsZones} DNS zones`,
            dollars: load.privateEndpoints * prices.privateEndpoint + load.privateDnsZones * prices.privateDnsZone,
          },
        ]
      : []),
  ];
}

function appLines({ plan, memoryGigabytes }: Workload, seconds: number, executions: number): readonly CostLine[] {
  if (!plan.flex) {
    const instances = Math.max(plan.least, Math.ceil(seconds / (hours * 3_600)));
    const dollars = instances * prices.premiumInstance * ({ EP2: 2, EP3: 4 }[plan.size] ?? 1);
    return [{ what: 'Function app', how: `${plural(instances, 'instance')} ${plan.size} all the time`, dollars }];
  }
  const gigabyteSeconds = seconds * memoryGigabytes;
  const ready: CostLine = {
    what: 'Always ready',
    how: `${plural(plan.alwaysReady, 'instance')} of ${memoryGigabytes} GB`,
    dollars: plan.alwaysReady * memoryGigabytes * hours * 3_600 * prices.flexAlwaysReadyGigabyteSecond,
  };
  return [
    {
      what: 'Function app',
      how: `${round(gigabyteSeconds)} GB-s and ${round(executions)} executions, less what is free`,
      dollars:
        Math.max(0, gigabyteSeconds - prices.flexFreeGigabyteSeconds) * prices.flexGigabyteSecond +
        (Math.max(0, executions - prices.flexFreeExecutions) / 1e6) * prices.flexMillionExecutions,
    },
    ...(plan.alwaysReady > 0 ? [ready] : []),
  ];
}

function hubLine({ processingUnits }: Workload, throughputUnits: number, events: number): CostLine {
  if (processingUnits > 0)
    return {
      what: 'Event Hubs',
      how: plural(processingUnits, 'processing unit'),
      dollars: processingUnits * hours * prices.processingUnitHour,
    };
  const dollars = throughputUnits * hours * prices.throughputUnitHour + (events / 1e6) * prices.millionIngressEvents;
  return { what: 'Event Hubs', how: `${plural(throughputUnits, 'throughput unit')}, ${round(events)} events`, dollars };
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A number as people read it, three digits that count. */
export function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}
