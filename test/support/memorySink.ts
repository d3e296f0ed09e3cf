import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { OutgoingEvent } from '../../src/domain/event';
import { ConnectorError } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';
import type { OversizeStore, Sink, Telemetry } from '../../src/domain/ports';
import { refuseAborted } from './memoryRows';

/** A record as a consumer sees it. */
export interface ReceivedRecord {
  readonly id: string;
  readonly category: string;
  readonly tenantId: string;
  readonly time: string;
  readonly properties: unknown;
  readonly operationName: string;
  readonly snapshot?: string;
}

/** One acknowledged write. */
export interface ReceivedBatch {
  readonly at: Date;
  readonly hub: string;
  readonly events: readonly OutgoingEvent[];
}

/** Event Hubs in memory: what was acknowledged, in order. `fail` may refuse a write; `hold` may keep it waiting. */
export class MemorySink implements Sink {
  readonly batches: ReceivedBatch[] = [];
  /** The largest batch of a hub. */
  limitBytes: (hub: string) => number = () => 1_048_576;
  /** Asked before each write, with the number of writes so far. */
  fail: (hub: string, write: number) => Failure | undefined = () => undefined;
  /** Awaited before each write, with the signal it was given. */
  hold: (hub: string, signal: AbortSignal) => Promise<void> = async () => Promise.resolve();
  readonly #now: () => Date;
  #writes = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  readonly write: Sink['write'] = async (events, signal) => {
    refuseAborted('sending', signal);
    const hub = events[0]?.hub ?? '';
    if (events.some((event) => event.hub !== hub || event.partitionKey !== events[0]?.partitionKey))
      throw new Error('events of one write must share hub and partition key');
    if (events.reduce((sum, { body }) => sum + body.length, 0) > this.limitBytes(hub))
      throw new ConnectorError('sending', { kind: 'rejectedRequest', code: 'tooLarge', detail: '' });
    await this.hold(hub, signal);
    refuseAborted('sending', signal);
    const failure = this.fail(hub, (this.#writes += 1));
    if (failure !== undefined) throw new ConnectorError('sending', failure);
    this.batches.push({ at: this.#now(), hub, events: events.map((event) => ({ ...event, body: Buffer.from(event.body) })) });
  };

  readonly batchLimitBytes: Sink['batchLimitBytes'] = async (hub, signal) => {
    refuseAborted('asking the hub', signal);
    return Promise.resolve(this.limitBytes(hub));
  };

  /** The records of a hub in the order they were acknowledged. */
  records(hub: string): ReceivedRecord[] {
    return this.recordsByBatch(hub).flat();
  }

  /** The records of a hub, batch by batch. */
  recordsByBatch(hub: string): ReceivedRecord[][] {
    return this.batches.filter((batch) => batch.hub === hub).map(({ events }) => events.flatMap(recordsOf));
  }
}

/** The records of an event, whatever its shape. */
export function recordsOf({ body, contentEncoding }: OutgoingEvent): ReceivedRecord[] {
  const plain = contentEncoding === 'gzip' ? gunzipSync(body) : body;
  const parsed = JSON.parse(plain.toString()) as { readonly records: ReceivedRecord[] } | ReceivedRecord;
  return 'records' in parsed ? parsed.records : [parsed];
}

/** Oversize records in memory. */
export class MemoryOversizeStore implements OversizeStore {
  readonly kept = new Map<string, Buffer>();

  readonly keep: OversizeStore['keep'] = async ({ tenantId, sourceId, id, json }, signal) => {
    refuseAborted('keeping', signal);
    const blob = `${tenantId}/${sourceId}/${id}`;
    this.kept.set(blob, Buffer.from(json));
    return Promise.resolve({ blob, sha256: createHash('sha256').update(json).digest('hex') });
  };
}

/** What telemetry was told. */
export class MemoryTelemetry implements Telemetry {
  readonly events: { readonly name: string; readonly severity: string; readonly fields: Readonly<Record<string, unknown>> }[] =
    [];

  readonly event: Telemetry['event'] = (name, severity, fields = {}) => {
    this.events.push({ name, severity, fields: { ...fields } });
  };

  named(name: string): Readonly<Record<string, unknown>>[] {
    return this.events.filter((event) => event.name === name).map(({ fields }) => fields);
  }
}
