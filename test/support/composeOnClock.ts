import type { CollectPorts } from '../../src/app/collectPorts';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import type { Clock, Severity } from '../../src/domain/ports';
import { aroundPorts, nested } from './aroundPorts';
import type { Around } from './aroundPorts';
import type { IoClock } from './ioClock';

/** How a connector of the incident tests differs from a deployed one. */
export interface OnClock {
  readonly clock: IoClock;
  /** How far this connector's clock is ahead of everybody else's. */
  readonly skewMs?: number;
  /** The sources that are collected. */
  readonly sources: readonly string[];
  /** Changes how the connector is tuned where the settings do not reach. */
  readonly tune?: Partial<CollectPorts['options']>;
  /** Takes the place of single ports. */
  readonly ports?: (real: CollectPorts) => Partial<CollectPorts>;
  /** Between the engine and its ports. */
  readonly around: Around;
  readonly log: (severity: Severity, line: string) => void;
}

/** The real connector, with its real adapters, on a clock that stands still while they work. */
export function composeOnClock(environment: Readonly<Record<string, string>>, how: OnClock): Connector {
  const { clock: shared, skewMs = 0, sources: ids, tune, log } = how;
  const clock: Clock = { now: () => new Date(shared.now().getTime() + skewMs), sleep: shared.sleep };
  const tracked: Around = async (_call, go) => shared.track(go);
  return compose(environment, {
    clock,
    log,
    wrap: (ports) => {
      const sources = new Map([...ports.sources].filter(([id]) => ids.includes(id)));
      const options = { ...ports.options, ...tune };
      return aroundPorts({ ...ports, ...how.ports?.(ports), sources, options }, nested(tracked, how.around));
    },
  });
}
