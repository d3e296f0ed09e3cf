/** Where a publisher sends: a hub, or one fixed partition of it. */
export interface PublisherAddress {
  hub: string;
  partition: string | undefined;
}

/** Where a consumer reads. */
export interface ConsumerAddress {
  hub: string;
  group: string;
  partition: string;
}

/** Reads `hub`, `hub/Partitions/1` and `hub/Publishers/name`. */
export function publisherAddress(address: string): PublisherAddress {
  const [, hub, partition] = /^(.+?)(?:\/Partitions\/([^/]+)|\/Publishers\/[^/]+)?$/i.exec(address) ?? [];
  return { hub: hub ?? address, partition };
}

/** Reads `hub/ConsumerGroups/group/Partitions/1`. */
export function consumerAddress(address: string): ConsumerAddress | undefined {
  const [, hub, group, partition] = /^(.+)\/ConsumerGroups\/([^/]+)\/Partitions\/([^/]+)$/i.exec(address) ?? [];
  return hub && group && partition ? { hub, group, partition } : undefined;
}
