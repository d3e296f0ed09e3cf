import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = '.github/workflows';
const permissions = z.record(z.string(), z.enum(['read', 'write']));
const workflow = z.looseObject({
  permissions,
  jobs: z.record(
    z.string(),
    z.looseObject({
      'timeout-minutes': z.number(),
      permissions: permissions.optional(),
      steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

describe.each(readdirSync(folder))('the workflow %s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  const { jobs, permissions: given } = workflow.parse(parse(text));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('names every action by its hash, with the version beside it', () => {
    for (const { uses } of steps.filter((step) => step.uses !== undefined)) {
      expect(uses).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
      expect(text).toMatch(new RegExp(`${uses ?? ''} # v\\d+\\.\\d+\\.\\d+$`, 'm'));
    }
  });

  it('gives no right to write but to the job that needs it, and no text of strangers to a shell', () => {
    expect(Object.values(given)).not.toContain('write');
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });
});
