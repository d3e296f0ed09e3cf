import { setImmediate as turn } from 'node:timers/promises';
import { inParallel } from '../../src/azure/inParallel';

describe('inParallel', () => {
  it('works on so many at a time and keeps the order', async () => {
    let running = 0;
    let most = 0;

    const results = await inParallel([5, 1, 4, 2, 3], 2, async (turns) => {
      running += 1;
      most = Math.max(most, running);
      for (let count = 0; count < turns; count += 1) await turn();
      running -= 1;
      return turns * 10;
    });

    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('begins nothing new after a failure, and waits for what runs', async () => {
    const begun: number[] = [];
    let finished = false;

    const failing = inParallel([0, 1, 2, 3], 2, async (number) => {
      begun.push(number);
      if (number === 0) throw new Error('planted');
      await turn();
      await turn();
      finished = true;
    });

    await expect(failing).rejects.toThrow('planted');
    expect(begun).toEqual([0, 1]);
    expect(finished).toBe(true);
  });
});
