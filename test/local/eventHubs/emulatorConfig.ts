import { z } from 'zod';

// The rules are those of Microsoft's own emulator, so that its image can be swapped in with the same file:
// https://learn.microsoft.com/azure/event-hubs/overview-emulator
const name = z.string().regex(/^[A-Za-z0-9]([\w\-./]*[A-Za-z0-9])?$/, 'must start and end with a letter or digit');
const count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(1).max(32));
const group = z.object({ Name: name.refine((value) => value.toLowerCase() !== '$default') });
const entity = z.object({ Name: name, PartitionCount: count, ConsumerGroups: z.array(group).max(20).optional() });
const namespace = z.object({
  Type: z.literal('EventHub'),
  Name: z.literal('emulatorNs1'),
  Entities: z
    .array(entity)
    .min(1)
    .max(10)
    .refine((all) => new Set(all.map((one) => one.Name.toLowerCase())).size === all.length, 'every hub needs its own name'),
});
const content = z.object({
  UserConfig: z.object({ NamespaceConfig: z.array(namespace).length(1), LoggingConfig: z.object({ Type: z.string() }) }),
});

/** What Microsoft's Event Hubs emulator reads from its Config.json. */
export type EmulatorConfig = z.input<typeof content>;

/** One hub that the configuration asks for. */
export interface ConfiguredHub {
  name: string;
  partitions: number;
  consumerGroups: string[];
}

/** Checks the content of a Config.json and returns its hubs; the error names every wrong entry. */
export function hubsOf(config: unknown): ConfiguredHub[] {
  const parsed = content.safeParse(config);
  if (!parsed.success) throw new Error(`Event Hubs emulator, Config.json is not valid:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.UserConfig.NamespaceConfig.flatMap((space) =>
    space.Entities.map((one) => ({
      name: one.Name,
      partitions: one.PartitionCount,
      consumerGroups: (one.ConsumerGroups ?? []).map((each) => each.Name),
    })),
  );
}
