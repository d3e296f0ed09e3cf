import { z } from 'zod';

const pattern = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/;

/** A .NET time span such as 00:05:00 or 1.12:00:00, in milliseconds. */
const timeSpan = z.string().transform((text, context) => {
  const match = pattern.exec(text);
  if (!match) {
    context.addIssue({ code: 'custom', message: `"${text}" is no time span of the form hh:mm:ss` });
    return z.NEVER;
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 5).map((part: string | undefined) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + Math.round(Number(`0.${match[5] ?? '0'}`) * 1000);
});

const queues = z
  .looseObject({
    batchSize: z.int().min(1).max(32).default(16),
    newBatchThreshold: z.int().min(0).optional(),
    maxDequeueCount: z.int().min(1).default(5),
    maxPollingInterval: timeSpan.prefault('00:01:00'),
    visibilityTimeout: timeSpan.prefault('00:00:00'),
    messageEncoding: z.enum(['base64', 'none']).default('base64'),
  })
  // The real default is half the batch size for every core; one core keeps a local run the same on every machine.
  .transform((given) => ({ ...given, newBatchThreshold: given.newBatchThreshold ?? Math.floor(given.batchSize / 2) }));

const level = z.enum(['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical', 'None']);

const hostJson = z.looseObject({
  version: z.literal('2.0'),
  // Flex Consumption's default: https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout
  functionTimeout: z.union([z.literal('-1').transform(() => Infinity), timeSpan]).prefault('00:30:00'),
  extensions: z
    .looseObject({ http: z.looseObject({ routePrefix: z.string().default('api') }).prefault({}), queues: queues.prefault({}) })
    .prefault({}),
  logging: z.looseObject({ logLevel: z.record(z.string(), level).default({}) }).prefault({}),
});

/** The settings of host.json that this host follows; times in milliseconds. */
export type HostJson = z.infer<typeof hostJson>;

/** The queue settings of host.json. */
export type QueueSettings = HostJson['extensions']['queues'];

const silent = ['$schema', 'version', 'functionTimeout', 'extensions', 'logging', 'extensionBundle', 'managedDependency'];

/** Reads a parsed host.json; `ignored` names the settings that have an effect in Azure and none here. */
export function readHostJson(value: unknown): { host: HostJson; ignored: string[] } {
  const result = hostJson.safeParse(value);
  if (!result.success) throw new Error(`host.json is not valid: ${z.prettifyError(result.error)}`);
  const host = result.data;
  const known = { http: ['routePrefix'], queues: ['batchSize', 'newBatchThreshold', 'maxDequeueCount', 'maxPollingInterval'] };
  known.queues.push('visibilityTimeout', 'messageEncoding');
  const ignored = [
    ...Object.keys(host).filter((key) => !silent.includes(key)),
    ...Object.keys(host.extensions)
      .filter((key) => !(key in known))
      .map((key) => `extensions.${key}`),
    ...Object.keys(host.extensions.http)
      .filter((key) => !known.http.includes(key))
      .map((key) => `extensions.http.${key}`),
    ...Object.keys(host.extensions.queues)
      .filter((key) => !known.queues.includes(key))
      .map((key) => `extensions.queues.${key}`),
  ];
  return { host, ignored };
}
