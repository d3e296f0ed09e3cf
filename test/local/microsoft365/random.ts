/** A seeded source of numbers: the same seed text gives the same sequence on every machine. */
export interface Random {
  next(): number;
  int(min: number, max: number): number;
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  hex(length: number): string;
  guid(): string;
}

function word(text: string, salt: number): number {
  let hash = (1779033703 ^ text.length ^ salt) | 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Makes a generator (sfc32) from its seed parts; parts are joined, so `('7', tenant)` and `('7', otherTenant)` are unrelated. */
export function createRandom(...seed: (string | number)[]): Random {
  const text = seed.join('|');
  let a = word(text, 1);
  let b = word(text, 2);
  let c = word(text, 3);
  let d = 1;

  function bits(): number {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }
  for (let i = 0; i < 12; i++) bits();

  const next = () => bits() / 4294967296;
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  function hex(length: number): string {
    let out = '';
    while (out.length < length) out += bits().toString(16).padStart(8, '0');
    return out.slice(0, length);
  }
  return {
    next,
    int,
    hex,
    chance: (share) => next() < share,
    pick: <T>(list: readonly T[]) => list[int(0, list.length - 1)] as T,
    guid() {
      const h = hex(30);
      return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(12, 15)}-${'89ab'.charAt(int(0, 3))}${h.slice(15, 18)}-${h.slice(18, 30)}`;
    },
  };
}
