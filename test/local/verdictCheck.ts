import type { Connector } from '../../src/composition';
import type { VerdictName } from '../../src/domain/verdict';
import { sources } from '../../src/sources';
import type { SimulatedGraph } from './microsoft365/graph/graph';
import type { ObjectOperation } from './microsoft365/graph/operations';

/** The endpoint of the simulation behind each source whose name differs. */
const operations: Readonly<Record<string, ObjectOperation>> = {
  'graph.signInsNonInteractive': 'signIns',
  'graph.signInsServicePrincipal': 'signIns',
  'graph.signInsManagedIdentity': 'signIns',
  'graph.groupMembers': 'groups',
  'graph.appRoleAssignments': 'servicePrincipals',
  'defender.machines': 'defenderMachines',
  'defender.alerts': 'defenderAlerts',
};
// The simulation has no endpoint of its own for the activity of users: their list shows it where sign-ins are.
const isElsewhere = (id: string): boolean => id.startsWith('activity.') || id === 'graph.signInActivity';

/** What the simulation says a client should find out about Graph and Defender, source by source. */
export function expectedVerdicts(graph: Pick<SimulatedGraph, 'verdicts'>, tenantId: string): Record<string, VerdictName> {
  const judged = graph.verdicts(tenantId);
  const ids = sources.map(({ id }) => id).filter((id) => !isElsewhere(id));
  return Object.fromEntries(ids.map((id) => [id, judged[operations[id] ?? (id.slice('graph.'.length) as ObjectOperation)]]));
}

/** How the verdicts that the connector keeps compare with what the simulation says. */
export interface VerdictCheck {
  readonly right: number;
  /** `Contoso: graph.users is notLicensed, and should be ok`. */
  readonly wrong: readonly string[];
  /** Tenants that could not be probed, such as those that refuse the application. */
  readonly unknown: readonly string[];
}

/** Compares the verdicts of all tenants. */
export async function checkVerdicts(
  { collectPorts }: Pick<Connector, 'collectPorts'>,
  graph: Pick<SimulatedGraph, 'verdicts'>,
  signal: AbortSignal,
): Promise<VerdictCheck> {
  let right = 0;
  const wrong: string[] = [];
  const unknown: string[] = [];
  for await (const { id, name } of collectPorts.tenants.all(signal)) {
    const verdicts = (await collectPorts.profiles.find(id, signal))?.verdicts ?? {};
    if (Object.keys(verdicts).length === 0) unknown.push(name);
    for (const [source, wanted] of Object.entries(expectedVerdicts(graph, id))) {
      const found = verdicts[source]?.name;
      if (found === undefined) continue;
      if (found === wanted) right += 1;
      else wrong.push(`${name}: ${source} is ${found}, and should be ${wanted}`);
    }
  }
  return { right, wrong, unknown };
}
