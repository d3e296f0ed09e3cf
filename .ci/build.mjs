// Bundles the connector and the local tools to CommonJS: one file starts in a fraction of the time that hundreds of modules take.
import { existsSync } from 'node:fs';
import { build } from 'esbuild';

const entries = {
  functions: 'functions/index.ts',
  tenant: 'src/cli/tenant.ts',
  consume: 'src/cli/consume.ts',
  evidence: 'src/cli/evidence.ts',
  respond: 'src/cli/respond.ts',
  start: 'test/local/start.ts',
  functionHost: 'test/local/functionHost/main.ts',
  bench: 'test/bench/main.ts',
  benchConnector: 'test/bench/connector.ts',
  benchBaseline: 'test/bench/baseline.ts',
  benchGraphBaseline: 'test/bench/graphBaseline.ts',
  benchMeter: 'test/bench/meter.ts',
  docs: 'test/docs/main.ts',
  deployCheck: 'test/infra/deployCheck.ts',
};

await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  sourcemap: true,
  // Names stay, so that an error says where it was; the rest is only weight at a cold start.
  minifyWhitespace: true,
  minifySyntax: true,
  external: ['@azure/functions-core'],
  logLevel: 'warning',
});
