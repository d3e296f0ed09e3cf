import { controlsOf } from '../../src/domain/evidence';
import { checks } from '../../src/evidence';
import { controls } from '../../src/evidence/controls';

const idsOf = (check: string): string[] => controlsOf(controls, check).map(({ id }) => id);

describe('the controls', () => {
  it.each([
    ['secureScore', ['A.5.36', 'A.8.8', 'CC7.1']],
    ['unresolvedAlerts', ['A.5.25', 'A.8.16', 'CC7.2']],
    ['riskyUsers', ['A.5.15', 'A.8.5', 'CC6.1']],
    ['conditionalAccess', ['A.5.15', 'A.8.2', 'CC6.3']],
    ['collectionCompleteness', ['A.8.15', 'CC7.2']],
  ])('that %s is evidence for are %j', (check, ids) => {
    expect(idsOf(check)).toEqual(ids);
  });

  it('name checks that exist, and each is there once', () => {
    const known = checks.map(({ id }) => id);
    const keys = controls.map(({ framework, id }) => `${framework} ${id}`);

    expect(controls.flatMap((control) => control.checks).filter((check) => !known.includes(check))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are added by rows alone', () => {
    const added = { framework: 'NIS2', id: '21.2(b)', title: 'Incident handling', checks: ['unresolvedAlerts'] };

    expect(controlsOf([...controls, added], 'unresolvedAlerts').at(-1)).toEqual({
      framework: 'NIS2',
      id: '21.2(b)',
      title: 'Incident handling',
    });
  });
});

describe('the checks', () => {
  it('say all that a report and a consent need', () => {
    for (const check of checks) {
      expect(check.question).toMatch(/\?$/);
      expect(check.metWhen).toMatch(/\.$/);
      expect(check.permissions.every(({ role }) => /^[A-Z]\w+\.Read\.All$/.test(role))).toBe(true);
    }
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  });
});
