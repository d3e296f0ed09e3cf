import { readFileSync } from 'node:fs';
import { alertCatalogue } from './alertCatalogue';
import { ofType, resourcesOf } from './bicepFiles';
import { bindQuery } from './kusto';
import { unknownNames } from './loggedNames';

const { logs, metrics } = alertCatalogue();
const minutes = (period: string): number => {
  const [, amount, unit = ''] = /^PT?(\d+)([MHD])$/.exec(period) ?? [];
  return Number(amount) * ({ M: 1, H: 60, D: 1440 }[unit] ?? Number.NaN);
};

describe.each(logs)('the alert $id', ({ query, dimensions, frequency, window }) => {
  const { problems, columns } = bindQuery(query);

  it('is a query that binds', () => {
    expect(problems).toEqual([]);
  });

  it('gives the columns that it is split by, as text', () => {
    for (const dimension of dimensions) expect([dimension, columns.get(dimension)]).toEqual([dimension, 'string']);
  });

  it('asks for events, fields and failures that the code logs', () => {
    expect(unknownNames(query)).toEqual([]);
  });

  it('looks at least as far back as the time between two looks, and no further than its window', () => {
    expect(minutes(window)).toBeGreaterThanOrEqual(minutes(frequency));
    for (const [, hours] of query.matchAll(/ago\((\d+)h\)/g)) expect(Number(hours) * 60).toBeLessThan(minutes(window));
    // Azure looks back two days at most, and for more than two hours no more often than every five minutes.
    expect(minutes(window)).toBeLessThanOrEqual(2 * 1440);
    expect([5, 10, 15, 30, 60]).toContain(minutes(frequency));
  });
});

describe('the alert rules of the template', () => {
  it('are those of the catalogue', () => {
    const made = (type: string) =>
      ofType(resourcesOf('default'), type)
        .map(({ name }) => name.replace('m365-contoso-', ''))
        .toSorted();

    expect(made('Microsoft.Insights/scheduledQueryRules')).toEqual(logs.map(({ id }) => id).toSorted());
    expect(made('Microsoft.Insights/metricAlerts')).toEqual(metrics.map(({ id }) => id).toSorted());
  });

  it('do not watch the services that were there before', () => {
    const names = ofType(resourcesOf('bringYourOwn'), 'Microsoft.Insights/metricAlerts').map(({ name }) => name);

    expect(names).toEqual(metrics.filter(({ of }) => of === 'storage').map(({ id }) => `m365-contoso-${id}`));
  });

  it('tell those who were named', () => {
    for (const type of ['Microsoft.Insights/scheduledQueryRules', 'Microsoft.Insights/metricAlerts'])
      for (const { properties } of ofType(resourcesOf('maximal'), type)) {
        const actions = JSON.stringify(properties['actions']);
        expect(actions).toContain('/actionGroups/tickets');
        expect(actions).toContain('/actionGroups/m365-fabrikamsoc1-mail');
      }
  });

  it('see every line: none of those that they read is sampled away or below the level that is kept', () => {
    const { logging } = JSON.parse(readFileSync('host.json', 'utf8')) as {
      readonly logging: {
        readonly logLevel: Readonly<Record<string, string>>;
        readonly applicationInsights: { readonly samplingSettings: { readonly excludedTypes: string } };
      };
    };

    expect(logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toContain('Trace');
    expect(logging.logLevel['default']).toBe('Information');
  });
});
