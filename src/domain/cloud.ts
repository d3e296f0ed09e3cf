import type { Api } from './failure';

/** The Microsoft clouds, by the names Microsoft uses; `custom` is any server that speaks these APIs, named in the settings. */
export const cloudIds = ['commercial', 'gcc', 'gccHigh', 'dod', 'china', 'custom'] as const;
export type CloudId = (typeof cloudIds)[number];

/** One cloud's hosts, each an https origin without a trailing slash. A token for an API is only ever sent to that API's origin. */
export interface Cloud {
  readonly id: CloudId;
  readonly title: string;
  readonly login: string;
  /** Where a person's browser signs in, when that is not `login`: only a cloud on this machine has one, which may be http. */
  readonly signIn?: string;
  readonly hosts: Readonly<Record<Api, string>>;
}

/** Looks a cloud up; undefined when it is not configured (only `custom` can be). */
export type Clouds = (id: CloudId) => Cloud | undefined;

/** All clouds but China's, whose Graph has neither `security` nor `identityProtection`, and which has no Defender API. https://learn.microsoft.com/graph/deployments */
export const cloudsButChina: readonly CloudId[] = cloudIds.filter((id) => id !== 'china');
