import type { Page, ReadAgain, Run, Unit } from '../domain/source';
import type { WindowSpec } from './windowSource';

export async function* readSpan(
  spec: WindowSpec,
  api: 'graph' | 'defender',
  run: Run,
  unit: Unit,
  again: ReadAgain,
): AsyncGenerator<Page> {
  await Promise.reject(new Error(`not yet: ${spec.id} ${api} ${unit.id} ${again.attempts} ${run.tenant.id}`));
  yield { records: [] };
}
