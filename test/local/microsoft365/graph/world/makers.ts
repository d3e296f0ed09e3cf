import type { Feed } from '../operations';
import { alerts } from './alerts';
import { intuneSettings, managedDevices } from './devices';
import { directory, grants, memberships } from './directory';
import { conditionalAccess, health, secureScore } from './health';
import { organization } from './organization';
import { risk, workloadRisk } from './risk';
import { audits, signIns } from './signIns';
import type { Maker } from './world';

/** Everything that makes objects. */
const makers: readonly Maker[] = [
  alerts,
  risk,
  workloadRisk,
  signIns,
  audits,
  directory,
  memberships,
  grants,
  organization,
  managedDevices,
  intuneSettings,
  health,
  secureScore,
  conditionalAccess,
];

/** The maker of a feed. */
export function makerOf(feed: Feed): Maker {
  const maker = makers.find((each) => each.feeds.includes(feed));
  if (!maker) throw new Error(`Nothing makes ${feed}.`);
  return maker;
}
