import { closeSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** Reads the complete lines of an append-only file and cuts off a last line that a crash left torn. */
export function readAppendedLines(path: string, onLine: (line: string) => void): void {
  const file = openSync(path, 'a+');
  try {
    const chunk = Buffer.allocUnsafe(1 << 20);
    let rest: Buffer = Buffer.alloc(0);
    let position = 0;
    for (;;) {
      const count = readSync(file, chunk, 0, chunk.length, position);
      if (count === 0) break;
      position += count;
      const data = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
        onLine(data.toString('utf8', start, end));
        start = end + 1;
      }
      rest = data.subarray(start);
    }
    if (rest.length > 0) ftruncateSync(file, position - rest.length);
  } finally {
    closeSync(file);
  }
}
