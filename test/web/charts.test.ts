import fc from 'fast-check';
import { barChart } from '../../src/web/charts';

fc.configureGlobal({ seed: 20261123 });

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The bars of one of the two pictures, and the texts of its vertical axis. */
function pictureOf(values: readonly number[], size: 'wide' | 'narrow') {
  const bars = values.map((value, index) => ({
    ...{ name: `bar ${index}`, value },
    label: index % 6 === 0 ? { text: `at ${index}`, major: index % 12 === 0 } : undefined,
  }));
  const { text } = barChart({
    id: 'chart',
    title: 'A chart',
    words: 'In a sentence.',
    across: 'Hour, in UTC',
    up: 'Records',
    bars,
  });
  const picture = new RegExp(`<svg class="${size}" viewBox="0 0 (\\d+) (\\d+)"[\\s\\S]*?</svg>`).exec(text);
  const [all = '', width = '', height = ''] = picture ?? [];
  const boxes = [...all.matchAll(/<rect\s+x="([^"]+)"\s+y="([^"]+)"\s+width="([^"]+)"\s+height="([^"]+)"/g)].map(
    ([, ...numbers]): Box => {
      const [x = NaN, y = NaN, wide = NaN, high = NaN] = numbers.map(Number);
      return { x, y, width: wide, height: high };
    },
  );
  const lines = [...all.matchAll(/<line [^>]*\sy1="([^"]+)"/g)].map(([, y]) => Number(y));
  const ticks = [...all.matchAll(/text-anchor="end">([^<]+)</g)].map(([, tick = '']) => tick.trim());
  return { text, all, width: Number(width), height: Number(height), boxes, lines, ticks };
}

describe('a chart of bars', () => {
  it.each(['wide', 'narrow'] as const)('that is %s has every bar inside it, side by side, as high as its value', (size) => {
    const values = fc.array(fc.nat(5_000_000), { minLength: 1, maxLength: 48 });
    fc.assert(
      fc.property(values, (given) => {
        const { width, height, boxes, lines } = pictureOf(given, size);
        const ground = Math.max(...lines);

        expect(boxes).toHaveLength(given.length);
        boxes.forEach((box, index) => {
          const value = given[index] ?? NaN;
          expect(box.x).toBeGreaterThanOrEqual(
            index === 0 ? 0 : (boxes[index - 1]?.x ?? 0) + (boxes[index - 1]?.width ?? 0) - 0.2,
          );
          expect(box.x + box.width).toBeLessThanOrEqual(width + 0.2);
          expect([box.y >= 0, ground <= height]).toEqual([true, true]);
          expect(Math.abs(box.y + box.height - ground)).toBeLessThanOrEqual(0.2);
          expect(box.height > 0).toBe(value > 0);
          const higher = given.findIndex((other) => other > value);
          if (higher >= 0) expect(boxes[higher]?.height).toBeGreaterThanOrEqual(box.height);
        });
        expect(Math.min(...lines)).toBeLessThanOrEqual(Math.min(...boxes.map(({ y }) => y)));
      }),
    );
  });

  it.each<[number, readonly string[]]>([
    [0, ['0', '1']],
    [1, ['0', '1']],
    [3, ['0', '1', '2', '3']],
    [312, ['0', '100', '200', '300', '400']],
    [18_400, ['0', '5K', '10K', '15K', '20K']],
  ])('whose highest is %d has round figures on its axis', (most, ticks) => {
    expect(pictureOf([0, most], 'wide').ticks.slice(0, ticks.length)).toEqual(ticks);
  });

  it('says what its axes show, has fewer labels on a phone, and the same in words and as a table', () => {
    const values = Array.from({ length: 24 }, (_, index) => index * 100);
    const [wide, narrow] = [pictureOf(values, 'wide'), pictureOf(values, 'narrow')];
    const labels = (of: string) => [...of.matchAll(/at (\d+)/g)].map(([, at]) => at);

    expect([labels(wide.all), labels(narrow.all)]).toEqual([
      ['0', '6', '12', '18'],
      ['0', '12'],
    ]);
    expect(wide.text).toContain('role="img" aria-label="In a sentence."');
    expect(wide.all).toMatch(/Records[\s\S]*Hour, in UTC/);
    const rows = [...wide.text.matchAll(/<th scope="row">(bar \d+)<\/th>\s*<td class="number">([\d,]+)<\/td>/g)];
    expect(rows.map(([, name, value]) => [name, value])).toEqual(
      values.map((value, index) => [`bar ${index}`, value.toLocaleString('en-US')]),
    );
  });
});
