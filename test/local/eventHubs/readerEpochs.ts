import { linkStolen, type ServiceError } from './serviceErrors';

const maxReadersWithoutEpoch = 5;

interface Reader {
  epoch: number | undefined;
  detach: (error: ServiceError) => void;
}

/** Who reads a partition in a consumer group: one reader with an epoch, or up to five without. */
export class ReaderEpochs {
  readonly #readers = new Map<string, Set<Reader>>();

  /** Admits a reader and pushes out those it outranks; or gives the error with which it is refused. */
  admit(place: string, reader: Reader): ServiceError | { leave: () => void } {
    const readers = this.#readers.get(place) ?? new Set<Reader>();
    const highest = Math.max(-Infinity, ...[...readers].map((each) => each.epoch ?? -Infinity));
    if (highest > (reader.epoch ?? -Infinity)) {
      return linkStolen(`A receiver with a higher epoch '${highest}' exists; the new one cannot be created.`);
    }
    if (reader.epoch === undefined && readers.size >= maxReadersWithoutEpoch) {
      const description = `At most ${maxReadersWithoutEpoch} receivers may read one partition in one consumer group.`;
      return { condition: 'amqp:resource-limit-exceeded', description };
    }
    if (reader.epoch !== undefined) {
      const error = linkStolen(
        `New receiver with higher epoch of '${reader.epoch}' is created hence the current one is detached.`,
      );
      for (const other of readers) other.detach(error);
      readers.clear();
    }
    readers.add(reader);
    this.#readers.set(place, readers);
    return { leave: () => void readers.delete(reader) };
  }
}
