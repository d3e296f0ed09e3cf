// The import directions of the design. An arrow that is not listed here is an error.
const may = (folder, ...targets) => ({
  name: `${folder}-imports-only-${targets.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: '^(src|functions|test)/', pathNot: [folder, ...targets].map((target) => `^${target}(/|\\.ts$)`) },
});
const owner = (name, packages, ...places) => ({
  name: `package-${name}`,
  severity: 'error',
  from: { path: '^(src|functions)/', pathNot: places.map((place) => `^${place}`) },
  to: { path: `node_modules/(${packages})/` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['\\.d\\.ts$', '\\.cjs$'] }, to: {} },
    may('src/domain'),
    may('src/app', 'src/domain'),
    may('src/microsoft', 'src/domain'),
    may('src/azure', 'src/domain'),
    may('src/sources', 'src/microsoft', 'src/domain'),
    may('src/evidence', 'src/microsoft', 'src/domain'),
    may('src/actions', 'src/microsoft', 'src/domain'),
    may('src/web', 'src/app', 'src/domain'),
    may('src/cli', 'src/composition', 'src/settings', 'src/app', 'src/domain'),
    may('functions', 'src/composition'),
    { name: 'domain-needs-no-package', severity: 'error', from: { path: '^src/domain/' }, to: { path: 'node_modules/' } },
    {
      name: 'sources-never-import-each-other',
      severity: 'error',
      from: { path: '^src/sources/', pathNot: '^src/sources/index\\.ts$' },
      to: { path: '^src/sources/' },
    },
    {
      name: 'checks-never-import-each-other',
      severity: 'error',
      from: { path: '^src/evidence/', pathNot: '^src/evidence/index\\.ts$' },
      to: { path: '^src/evidence/' },
    },
    {
      name: 'actions-never-import-each-other',
      severity: 'error',
      from: { path: '^src/actions/', pathNot: '^src/actions/index\\.ts$' },
      to: { path: '^src/actions/' },
    },
    owner('functions', '@azure/functions', 'functions/'),
    owner('html', 'hono', 'src/web/html\\.ts'),
    owner('charts', 'd3-[a-z-]+', 'src/web/charts\\.ts'),
    owner('azure-sdk', '@azure/(event-hubs|data-tables|storage-queue|storage-blob|keyvault-secrets)', 'src/azure/'),
    owner('opentelemetry', '@opentelemetry/', 'src/azure/openTelemetrySdk\\.ts'),
    owner('tokens', 'jose', 'src/microsoft/verifyToken\\.ts'),
    owner('identity', '@azure/identity', 'src/azure/', 'src/microsoft/login\\.ts'),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' } },
};
