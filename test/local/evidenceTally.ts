import { evidenceSourceId } from '../../src/app/assess';
import type { EventHubsEmulator } from './eventHubs/eventHubsEmulator';
import { deliveredRecords } from './historyCheck';

/** How many items of evidence lie in a hub, by tenant. */
export function evidenceTally(hubs: Pick<EventHubsEmulator, 'read'>, hub: string): ReadonlyMap<string, number> {
  const items = new Map<string, number>();
  for (const event of hubs.read(hub)) {
    const { source, tenantId } = event.applicationProperties;
    if (source !== evidenceSourceId) continue;
    const tenant = String(tenantId);
    items.set(tenant, (items.get(tenant) ?? 0) + deliveredRecords(event).length);
  }
  return items;
}
