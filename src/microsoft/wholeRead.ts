import type { Page, ReadAgain, Run, Unit } from '../domain/source';
import type { SnapshotSpec } from './graphSnapshot';

export async function* readWhole(
  spec: SnapshotSpec,
  api: 'graph' | 'defender',
  run: Run,
  unit: Unit,
  again: ReadAgain,
): AsyncGenerator<Page> {
  await Promise.reject(new Error(`not yet: ${spec.id} ${api} ${unit.id} ${again.attempts} ${run.tenant.id}`));
  yield { records: [] };
}
