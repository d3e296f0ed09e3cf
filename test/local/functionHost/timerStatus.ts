import { BlobServiceClient, RestError } from '@azure/storage-blob';
import { z } from 'zod';

const stored = z.object({ Last: z.string(), Next: z.string(), LastUpdated: z.string() });

/** When a timer last ran, when it is due, and when this was written. `last` is missing before the first run. */
export interface TimerStatus {
  readonly last?: Date;
  readonly next: Date;
  readonly lastUpdated: Date;
}

/** Remembers a timer's status over restarts, so that a missed run can be made up for. */
export interface TimerMonitor {
  read(): Promise<TimerStatus | undefined>;
  write(status: TimerStatus): Promise<void>;
}

const never = '0001-01-01T00:00:00+00:00';

/** The status in the form in which functions and the host's blob see it. */
export function statusForFunction({ last, next, lastUpdated }: TimerStatus): z.infer<typeof stored> {
  return { Last: last?.toISOString() ?? never, Next: next.toISOString(), LastUpdated: lastUpdated.toISOString() };
}

/** A monitor that keeps its status in the blob in which the real host keeps it. */
export function blobTimerMonitor(connectionString: string, hostId: string, functionName: string): TimerMonitor {
  const service = BlobServiceClient.fromConnectionString(connectionString, {
    retryOptions: { maxTries: 2, retryDelayInMs: 200 },
  });
  const container = service.getContainerClient('azure-webjobs-hosts');
  const blob = container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${functionName}/status`);
  return {
    read: async () => {
      try {
        const { Last, Next, LastUpdated } = stored.parse(JSON.parse((await blob.downloadToBuffer()).toString()));
        return { ...(Last === never ? {} : { last: new Date(Last) }), next: new Date(Next), lastUpdated: new Date(LastUpdated) };
      } catch (error) {
        if (error instanceof RestError && error.statusCode === 404) return undefined;
        throw error;
      }
    },
    write: async (status) => {
      const text = JSON.stringify(statusForFunction(status));
      await container.createIfNotExists();
      await blob.upload(text, Buffer.byteLength(text));
    },
  };
}
