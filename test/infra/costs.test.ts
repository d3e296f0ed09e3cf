import { parameterFiles, resourcesOf } from './bicepFiles';
import { costOf, deploymentReport } from './deploymentReport';

const small = { tenants: 1, recordsPerMonth: 1_000_000, recordBytes: 2_000 };
const total = (parameters: string, volume = small): number =>
  costOf(resourcesOf(parameters), volume).reduce((sum, { dollars }) => sum + dollars, 0);

describe('the estimate of costs', () => {
  it.each(parameterFiles('parameters'))('names all that %s makes', (parameters) => {
    const resources = resourcesOf(parameters);
    const report = deploymentReport(resources, small);

    for (const { type } of resources) expect(report).toContain(`  ${type}\n`);
    expect(report).toContain(`Would create ${resources.length} resources:`);
  });

  it('rises with tenants and records', () => {
    expect(total('default', { ...small, tenants: 100 })).toBeGreaterThan(total('default'));
    expect(total('default', { ...small, recordsPerMonth: 1e9 })).toBeGreaterThan(total('default') + 50);
  });

  it('adds private endpoints and Elastic Premium, and leaves out a namespace that was there', () => {
    const lines = (parameters: string) => costOf(resourcesOf(parameters), small).map(({ what }) => what);

    expect(lines('private')).toContain('Private network');
    expect(lines('bringYourOwn')).toContain('Private network');
    expect(lines('default')).not.toContain('Private network');
    expect(lines('bringYourOwn')).not.toContain('Event Hubs');
    expect(total('government')).toBeGreaterThan(total('private') + 100);
  });

  it('takes one throughput unit for each megabyte a second of the peak', () => {
    const hubs = (recordsPerMonth: number) =>
      costOf(resourcesOf('default'), { ...small, recordsPerMonth }).find(({ what }) => what === 'Event Hubs')?.how;

    expect(hubs(1_000_000)).toMatch(/^1 throughput unit,/);
    // 2.6e9 records of 2,000 bytes are 2 MB a second on average, and 10 at the peak.
    expect(hubs(2_628_000_000)).toMatch(/^10 throughput units,/);
  });
});
