import {
  InputError,
  checkAlso,
  checkText,
  findTenant,
  longestDescription,
  longestName,
  saveTenant,
  startSources,
} from './tenants';
import type { TenantPorts } from './tenants';
import type { ChosenIntegration, Tenant } from '../domain/tenant';
import { without } from '../domain/without';

/** What a person changes about a tenant; what is absent stays as it is. */
export interface TenantChanges {
  readonly integrations?: readonly ChosenIntegration[];
  /** Optional sources that are collected too, by id. */
  readonly also?: readonly string[];
  readonly name?: string;
  readonly description?: string;
  readonly stampName?: boolean;
}

const shortestSeconds = 1;
const longestSeconds = 86_400;

/**
 * Changes what is collected of a tenant, how often, and how it is called; its credential stays as it is. A run that is under way ends within seconds,
 * and every source that is left is due at once. Throws InputError.
 */
export async function changeTenant(
  ports: TenantPorts,
  text: string,
  wanted: TenantChanges,
  signal: AbortSignal,
): Promise<Tenant> {
  check(ports, wanted);
  const { tenant: found } = await findTenant(ports, text, signal);
  const { tenant } = await saveTenant(
    ports,
    found.id,
    (present) => {
      if (present === undefined)
        throw new InputError(`The tenant "${text}" was removed just now.`, 'List the tenants: npm run tenant -- list');
      const { also, ...rest } = wanted;
      const kept = also === undefined ? present : without(present, 'also');
      const chosen = also === undefined || also.length === 0 ? {} : { also: [...new Set(also)] };
      const name = wanted.name === undefined ? {} : { name: wanted.name.trim() };
      return { ...kept, ...rest, ...name, ...chosen, epoch: present.epoch + 1 };
    },
    signal,
  );
  if (tenant.status === 'active') await startSources(ports, tenant, signal);
  return tenant;
}

function check(ports: TenantPorts, { integrations, also, name, description }: TenantChanges): void {
  checkAlso(ports, also);
  checkText('name', name, longestName);
  checkText('description', description, longestDescription);
  if (name?.trim() === '') throw new InputError('The name is empty.', 'Give a name, or leave it out.');
  if (integrations === undefined) return;
  if (integrations.length === 0)
    throw new InputError('No integration is left.', 'Choose at least one, or pause or remove the tenant.');
  if (new Set(integrations.map(({ id }) => id)).size < integrations.length)
    throw new InputError('An integration is given twice.', 'Give each integration once.');
  const seconds = integrations.flatMap(({ polling }) => (polling.kind === 'every' ? [polling.seconds] : []));
  if (seconds.some((each) => !Number.isInteger(each) || each < shortestSeconds || each > longestSeconds))
    throw new InputError(
      'The polling interval cannot be used.',
      `Give whole seconds from ${shortestSeconds} to ${longestSeconds}, or adaptive, or disabled.`,
    );
}
