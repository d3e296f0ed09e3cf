// `npm run deploy:check`: prints what a deployment would create and what it would cost a month. Nothing is created, and Azure is not asked.
import { parseArgs } from 'node:util';
import type { Resource } from './bicepFiles';
import { BicepServer } from './bicepServer';
import { deploymentReport } from './deploymentReport';

const help = `npm run deploy:check -- [--parameters FILE] [--tenants N] [--records N] [--bytes N]

  --parameters FILE  a .bicepparam file (infra/parameters/default.bicepparam)
  --tenants N        how many tenants are collected (10)
  --records N        how many records they have a month, all together (10000000)
  --bytes N          the mean size of a record (2000)
`;

/** A whole number above zero, or the end of the command with a sentence. */
function whole(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0) return value;
  process.stderr.write(`--${name} has to be a whole number above 0. Example: --${name} 10\n`);
  return process.exit(2);
}

/** The resources that a parameter file would make; ends the command when the template refuses it. */
async function predicted(file: string): Promise<readonly Resource[]> {
  const server = new BicepServer();
  const answer = await server.predict(file);
  await server.stop();
  if ('resources' in answer) return answer.resources;
  process.stderr.write(`${answer.refusal}\n`);
  return process.exit(1);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { parameters: text, tenants: text, records: text, bytes: text, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    process.stdout.write(help);
    return;
  }
  const volume = {
    tenants: whole('tenants', values.tenants ?? '10'),
    recordsPerMonth: whole('records', values.records ?? '10000000'),
    recordBytes: whole('bytes', values.bytes ?? '2000'),
  };
  const resources = await predicted(values.parameters ?? 'infra/parameters/default.bicepparam');
  process.stdout.write(`${deploymentReport(resources, volume)}\n`);
}

void main();
