import { CredentialWorld, canary } from '../support/credentialWorld';

const dayMinutes = 24 * 60;
const stepMinutes = 10;

it('goes through 365 days, several rotations and the troubles of a directory without losing a poll', async () => {
  const world = new CredentialWorld();
  await world.beginWithOurs();
  for (let count = 0; count < 3; count += 1) world.startInstance();
  world.application.mood.acceptedAfterMs = 100_000;
  world.application.mood.listedAfterMs = 30_000;
  // A policy of the tenant: rotations come every 45 days.
  world.application.mood.longestLifeDays = 90;
  const current = new Set<string>();
  let most = 0;
  for (let minute = 0; minute < 365 * dayMinutes; minute += stepMinutes) {
    const day = Math.floor(minute / dayMinutes);
    // Graph is gone for a day each month; some instances are replaced.
    world.breakHttp = day % 30 === 29 ? world.graphIsDown : () => undefined;
    await world.tick();
    await world.poll({ login: false });
    const ring = await world.ring();
    if (!world.usable(ring)) throw new Error(JSON.stringify([day, world.clock.now(), ring, world.ours, world.lines.slice(-6)]));
    current.add(ring.current?.keyId ?? '');
    most = Math.max(most, world.ours.length);
    if (minute % (7 * dayMinutes) === 0) {
      world.instances.shift();
      world.startInstance();
    }
    world.pass(stepMinutes * 60);
  }

  expect(world.polls).toBe((3 * 365 * dayMinutes) / stepMinutes);
  expect(current.size).toBeGreaterThanOrEqual(7);
  expect(most).toBeLessThanOrEqual(3);
  expect(world.ours.length).toBeLessThanOrEqual(2);
  expect(world.facts.filter(({ kind }) => kind === 'rotated')).toHaveLength(current.size - 1);
  expect(world.facts.filter(({ kind }) => kind !== 'rotated')).toEqual([]);
  expect(JSON.stringify([world.rings.history, world.lines, world.facts])).not.toMatch(canary);
});
