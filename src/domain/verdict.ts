import type { CloudId } from './cloud';
import type { Api, Failure } from './failure';
import { licenceText } from './licence';
import type { ServicePlan } from './licence';
import type { SourceFacts } from './source';
import type { TenantId } from './tenant';

/** What a tenant's licences, consent and cloud allow, in the words that people read. */
export const verdictTitles = {
  ok: 'Available',
  notLicensed: 'Not licensed',
  permissionMissing: 'Permission missing',
  notProvisioned: 'Not set up',
  notInThisCloud: 'Not in this cloud',
  auditOff: 'Audit log off',
} as const;

export type VerdictName = keyof typeof verdictTitles;

/** What the probe found out about one source of one tenant. */
export interface Verdict {
  readonly name: VerdictName;
  /** The permissions that are missing, by name. */
  readonly missing?: readonly string[];
  /** What the verdict rests on, in one sentence. */
  readonly evidence: string;
  /** Microsoft's own code, for a person to search with. */
  readonly code?: string;
  /** When the probe last saw it so; and since when it has. */
  readonly at: string;
  readonly since: string;
}

/** The alerts of one Defender product, as the tenant's own API shows them. */
export interface AlertFlow {
  /** When its newest alert was last updated; absent when Microsoft holds none. */
  readonly lastAlertAt?: string;
  readonly at: string;
}

/** What the probe found out about a tenant. It is renewed daily, and when the tenant or its consent changes. */
export interface TenantProfile {
  readonly tenantId: TenantId;
  /** The epoch of the tenant it was made under; under another one it says nothing any more. */
  readonly epoch: number;
  readonly probedAt: string;
  /** The permissions that the tokens of each API carry; an API is absent when it gave no token. */
  readonly roles: Readonly<Partial<Record<Api, readonly string[]>>>;
  /** The plans that open feeds, as far as the tenant has them; absent when its licences cannot be read. */
  readonly servicePlans?: readonly ServicePlan[];
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** By `serviceSource` of the alerts. */
  readonly alertFlows: Readonly<Record<string, AlertFlow>>;
}

/** What the probe saw of one source. */
export interface Observation {
  readonly cloud: CloudId;
  /** The permissions the token carries; absent when there was no token. */
  readonly roles: readonly string[] | undefined;
  readonly servicePlans: readonly ServicePlan[] | undefined;
  /** Why the API refused; absent when it answered. */
  readonly failure: Failure | undefined;
}

type Judged = Omit<Verdict, 'at' | 'since'>;

/**
 * Judges a source by what was seen of it. What the API answers decides; permissions and licences explain it. Undefined when what was seen proves nothing, such
 * as an outage: what was known before still holds.
 */
export function judge(
  source: Pick<SourceFacts, 'clouds' | 'permissions' | 'anyLicenceOf'>,
  seen: Observation,
): Judged | undefined {
  const { cloud, roles, servicePlans, failure } = seen;
  if (!source.clouds.includes(cloud))
    return { name: 'notInThisCloud', evidence: 'Microsoft does not offer this API in the cloud of the tenant.' };
  const missing = roles === undefined ? [] : source.permissions.map(({ role }) => role).filter((role) => !roles.includes(role));
  if (failure === undefined)
    return {
      name: 'ok',
      evidence: missing.length === 0 ? 'The API answers.' : `The API answers, although the token lacks ${missing.join(' and ')}.`,
    };
  const code = failure.code === '' ? {} : { code: failure.code };
  if (failure.kind === 'notInThisCloud')
    return { name: 'notInThisCloud', evidence: 'The API of this cloud does not know the path.', ...code };
  if (failure.kind === 'auditOff')
    return { name: 'auditOff', evidence: 'The API says that nothing is audited in this tenant.', ...code };
  if (!isRefusal(failure)) return undefined;
  if (missing.length > 0)
    return { name: 'permissionMissing', missing, evidence: `The token lacks ${missing.join(' and ')}.`, ...code };
  // A token that the API does not take, although nothing is missing: a fault, which passes.
  if (failure.kind === 'unauthorized') return undefined;
  if (failure.kind === 'permissionMissing')
    return {
      name: 'permissionMissing',
      missing: [failure.permission],
      evidence: 'The token carries the permission and the API refuses it all the same.',
      ...code,
    };
  return { ...judgeLicence(source.anyLicenceOf, servicePlans, failure.kind), ...code };
}

type Refusal = Extract<
  Failure,
  { kind: 'notLicensed' | 'notProvisioned' | 'serviceMissing' | 'permissionMissing' | 'unauthorized' }
>;
const refusals: readonly Failure['kind'][] = [
  'notLicensed',
  'notProvisioned',
  'serviceMissing',
  'permissionMissing',
  'unauthorized',
];

const isRefusal = (failure: Failure): failure is Refusal => refusals.includes(failure.kind);

/** A refusal for want of a service: bought and never set up, or not bought? Only the licences of the tenant tell. */
function judgeLicence(
  wanted: readonly ServicePlan[],
  present: readonly ServicePlan[] | undefined,
  kind: 'notLicensed' | 'notProvisioned' | 'serviceMissing',
): Judged {
  const owned = wanted.filter((plan) => present?.includes(plan));
  if (owned.length > 0)
    return {
      name: 'notProvisioned',
      evidence: `The tenant has ${licenceText(owned.slice(0, 1))}, and the API says that it was never set up.`,
    };
  if (present === undefined && kind === 'notProvisioned')
    return { name: 'notProvisioned', evidence: 'The API says that the service was never set up.' };
  if (present === undefined || wanted.length === 0)
    return { name: 'notLicensed', evidence: 'The API says that the tenant has no licence for it.' };
  return { name: 'notLicensed', evidence: `No licence of the tenant contains ${licenceText(wanted)}.` };
}

/** A verdict with its times: since when it has been so is kept as long as it stays the same. */
export function dated(judged: Judged, before: Verdict | undefined, now: Date): Verdict {
  const at = now.toISOString();
  const same = before?.name === judged.name && before.missing?.join() === judged.missing?.join();
  return { ...judged, at, since: same ? before.since : at };
}

/** True when the verdict is other than before in a way a person wants to be told. */
export function isNewVerdict(verdict: Verdict, before: Verdict | undefined): boolean {
  return verdict.since !== before?.since;
}

/** The verdict that keeps a source from being polled: a bad one, made under the tenant as it is now. */
export function barring(profile: TenantProfile | undefined, epoch: number, sourceId: string): Verdict | undefined {
  if (profile?.epoch !== epoch || !Object.hasOwn(profile.verdicts, sourceId)) return undefined;
  const verdict = profile.verdicts[sourceId];
  return verdict?.name === 'ok' ? undefined : verdict;
}

/** The failure a bad verdict stands for, so that it is stored, shown and alerted on like any other. */
export function failureOfVerdict({ name, missing = [], code = '', evidence }: Verdict): Failure | undefined {
  switch (name) {
    case 'ok':
      return undefined;
    case 'permissionMissing':
      return { kind: 'permissionMissing', code, permission: missing.join(', ') };
    case 'notLicensed':
      return { kind: 'notLicensed', code, detail: evidence };
    case 'notProvisioned':
      return { kind: 'notProvisioned', code, detail: evidence };
    case 'notInThisCloud':
      return { kind: 'notInThisCloud', code };
    case 'auditOff':
      return { kind: 'auditOff', code };
  }
}
