function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** The partition Event Hubs gives a partition key: Bob Jenkins' lookup3 over UTF-8, folded to 16 bits. */
export function partitionOfKey(key: string, partitions: number): number {
  const text = Buffer.from(key, 'utf8');
  let a = (0xdeadbeef + text.length) | 0;
  let b = a;
  let c = a;
  // Zero padding changes nothing: the tail of lookup3 adds missing bytes as zeros.
  const padded = Buffer.concat([text, Buffer.alloc(12)]);
  let at = 0;
  for (; text.length - at > 12; at += 12) {
    a = (a + padded.readInt32LE(at)) | 0;
    b = (b + padded.readInt32LE(at + 4)) | 0;
    c = (c + padded.readInt32LE(at + 8)) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
  }
  if (text.length > 0) {
    a = (a + padded.readInt32LE(at)) | 0;
    b = (b + padded.readInt32LE(at + 4)) | 0;
    c = (c + padded.readInt32LE(at + 8)) | 0;
    c = ((c ^ b) - rotate(b, 14)) | 0;
    a = ((a ^ c) - rotate(c, 11)) | 0;
    b = ((b ^ a) - rotate(a, 25)) | 0;
    c = ((c ^ b) - rotate(b, 16)) | 0;
    a = ((a ^ c) - rotate(c, 4)) | 0;
    b = ((b ^ a) - rotate(a, 14)) | 0;
    c = ((c ^ b) - rotate(b, 24)) | 0;
  }
  return Math.abs((((c ^ b) << 16) >> 16) % partitions);
}
