// A zip archive whose bytes depend on its entries only: sorted, without dates and without the rights of whoever made it.
import { crc32, deflateRawSync } from 'node:zlib';

const firstOfJanuary1980 = 0x0021;
const regularFile = (0o100644 << 16) >>> 0;

/** The bytes of a zip archive with these entries (name, content). */
export function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const packed = deflateRawSync(content, { level: 9 });
    const path = Buffer.from(name);
    // Version 2.0, UTF-8 names, deflate, time 0, date; then checksum, sizes and the length of the name; no extra field.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(0, 6);
    common.writeUInt16LE(firstOfJanuary1980, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(regularFile, 6);
    rest.writeUInt32LE(offset, 10);
    // Made by Unix, so that the rights count.
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, rest, path]));
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
