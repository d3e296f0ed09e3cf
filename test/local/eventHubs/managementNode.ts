import { types } from 'rhea';
import type { Hub } from './hub';
import type { NodeReply, NodeRequest } from './requestNode';
import { argumentOutOfRange, entityNotFound, type ServiceError } from './serviceErrors';

/** Answers a request to `$management`: the facts about a hub or a partition as an AMQP map, or an error. */
export function describeEntity({ properties }: NodeRequest, find: (name: string) => Hub | undefined): NodeReply {
  const name = String(properties['name']);
  const hub = find(name);
  if (!hub) return failure(404, entityNotFound(name));
  if (properties['type'] === 'com.microsoft:eventhub') return { status: 200, description: 'OK', body: hubFacts(hub) };
  const id = String(properties['partition']);
  const body = partitionFacts(hub, id);
  if (body === undefined) return failure(400, argumentOutOfRange(`The event hub ${hub.name} has no partition ${id}.`));
  return { status: 200, description: 'OK', body };
}

function failure(status: number, { condition, description }: ServiceError): NodeReply {
  return { status, condition, description };
}

function hubFacts(hub: Hub): unknown {
  const string8 = 0xa1;
  return types.wrap_map({
    name: hub.name,
    type: 'com.microsoft:eventhub',
    created_at: types.wrap_timestamp(hub.createdAt),
    partition_count: types.wrap_int(hub.partitions.length),
    partition_ids: types.wrap_array(
      hub.partitions.map((_, id) => String(id)),
      string8,
      undefined,
    ),
    georeplication_factor: types.wrap_int(1),
  });
}

function partitionFacts(hub: Hub, id: string): unknown {
  const log = hub.partition(id);
  if (!log) return undefined;
  return types.wrap_map({
    name: hub.name,
    type: 'com.microsoft:partition',
    partition: id,
    begin_sequence_number: types.wrap_long(log.beginSequence),
    last_enqueued_sequence_number: types.wrap_long(log.lastSequence),
    last_enqueued_offset: log.latest.offset,
    last_enqueued_time_utc: types.wrap_timestamp(log.latest.enqueuedAt),
    is_partition_empty: log.beginSequence > log.lastSequence,
  });
}
