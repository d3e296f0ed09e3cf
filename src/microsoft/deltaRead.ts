import type { Page, ReadAgain, Run, Unit } from '../domain/source';
import type { DeltaSpec } from './graphDelta';

export async function* readDelta(spec: DeltaSpec, run: Run, unit: Unit, again: ReadAgain): AsyncGenerator<Page> {
  await Promise.reject(new Error(`not yet: ${spec.id} ${unit.id} ${again.attempts} ${run.tenant.id}`));
  yield { records: [] };
}
