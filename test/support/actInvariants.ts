import type { ActionRow } from '../../src/domain/actionRow';
import { isEnd } from '../../src/domain/actionRow';
import type { ActWorld } from './actWorld';

const effectOf: Readonly<Record<string, string>> = {
  ...{ disable: 'disable', enable: 'enable', revoke: 'revoke', confirm: 'confirm', isolate: 'Isolate', release: 'Unisolate' },
  ...{ collect: 'CollectInvestigationPackage', scan: 'RunAntiVirusScan' },
};

/** What is wrong in a world in which everything should have come to an end: each step at most one effect, each verified one exactly one, in order, with the whole story told. */
export function actionProblems(world: ActWorld, expectVerified = true): string[] {
  const rows = world.actions.list();
  return [
    ...rows.flatMap((row) => endProblems(row, expectVerified)),
    ...effectProblems(world, rows),
    ...orderProblems(world, rows),
    ...storyProblems(world, rows),
    ...world.machines.crossed.map((what) => `crossed: ${what}`),
    ...world.lines.list().flatMap(({ actions }) => actions.map((id) => `still in line: ${id}`)),
  ];
}

function endProblems(row: ActionRow, expectVerified: boolean): string[] {
  if (!isEnd(row.state)) return [`${row.action} has not ended: ${row.state}`];
  return expectVerified && row.state !== 'verified' ? [`${row.action} is ${row.state}`] : [];
}

/** Effects on a target, counted against the steps that were not taken over. */
function effectProblems({ users, machines }: ActWorld, rows: readonly ActionRow[]): string[] {
  const effects = [...users.effects, ...machines.effects];
  const wanted = new Map<string, { least: number; most: number }>();
  for (const { target, steps } of rows)
    for (const step of steps) {
      const key = `${target.id} ${effectOf[step.id] ?? step.id}`;
      const sum = wanted.get(key) ?? { least: 0, most: 0 };
      const isOwn = step.adopted !== true && step.intendedAt !== undefined;
      wanted.set(key, { least: sum.least + (isOwn && step.state === 'done' ? 1 : 0), most: sum.most + (isOwn ? 1 : 0) });
    }
  const counted = new Map<string, number>();
  for (const { target, what } of effects) counted.set(`${target} ${what}`, (counted.get(`${target} ${what}`) ?? 0) + 1);
  const byMarker = new Map<string, number>();
  for (const { comment } of effects) {
    const marker = /\[(m365c:[^\]]+)\]/.exec(comment ?? '')?.[1];
    if (marker !== undefined) byMarker.set(marker, (byMarker.get(marker) ?? 0) + 1);
  }
  return [
    ...[...new Set([...wanted.keys(), ...counted.keys()])].flatMap((key) => {
      const { least, most } = wanted.get(key) ?? { least: 0, most: 0 };
      const count = counted.get(key) ?? 0;
      return count < least || count > most ? [`${key}: ${count} effects, expected ${least} to ${most}`] : [];
    }),
    ...[...byMarker].flatMap(([marker, count]) => (count > 1 ? [`${marker} had ${count} effects`] : [])),
  ];
}

/** On each target one after the other, in the order in which they joined its line. */
function orderProblems({ joined }: ActWorld, rows: readonly ActionRow[]): string[] {
  const timeOf = (row: ActionRow, kind: string): number => Date.parse(row.story.find((line) => line.kind === kind)?.at ?? '');
  const problems: string[] = [];
  for (const target of new Set(rows.map((row) => row.target.id))) {
    const begun = joined.flatMap((id) =>
      rows.filter((row) => row.id === id && row.target.id === target && !Number.isNaN(timeOf(row, 'started'))),
    );
    for (const [index, row] of begun.entries()) {
      const before = begun[index - 1];
      if (before !== undefined && timeOf(row, 'started') < Date.parse(before.since))
        problems.push(`${row.action} on ${target} began before ${before.action} had ended`);
    }
  }
  return problems;
}

/** Every line of every story is numbered without a gap, and stands in the audit and in the hub. */
function storyProblems({ changes, sink }: ActWorld, rows: readonly ActionRow[]): string[] {
  const inHub = new Set(
    sink
      .records('m365-operations')
      .flatMap(({ category, properties }) => (category === 'M365Connector.Action' ? [lineOf(properties)] : [])),
  );
  return rows.flatMap(({ id, story }) =>
    story.flatMap(({ number }, index) => [
      ...(number === index + 1 ? [] : [`${id}: line ${number} stands where ${index + 1} should`]),
      ...(changes.kept.has(`${id}.${number}`) ? [] : [`${id}: line ${number} is not in the audit`]),
      ...(inHub.has(`${id}.${number}`) ? [] : [`${id}: line ${number} is not in the hub`]),
    ]),
  );
}

function lineOf(properties: unknown): string {
  const { actionId, line } = properties as { readonly actionId: string; readonly line: number };
  return `${actionId}.${line}`;
}
