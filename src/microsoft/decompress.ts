import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ConnectorError } from '../domain/failure';
import { transportFailure } from './httpBody';

/** What a compressed body may grow to: beyond `freeBytes` at most `ratio` times its compressed size, and never beyond `maxBytes`. */
export interface DecompressLimit {
  readonly ratio: number;
  readonly freeBytes: number;
  readonly maxBytes: number;
}

/** Audit records compress about fifteenfold; two hundredfold is an attack or a fault. */
export const defaultDecompressLimit: DecompressLimit = { ratio: 200, freeBytes: 64 * 1024 ** 2, maxBytes: 2 * 1024 ** 3 };

const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

const isDecoder = (name: string): name is keyof typeof decoders => Object.hasOwn(decoders, name);

/** True when the header names an encoding that has to be undone. */
export function isEncoded(contentEncoding: string | undefined): contentEncoding is string {
  return contentEncoding !== undefined && !['', 'identity'].includes(contentEncoding.trim().toLowerCase());
}

/** Undoes a content encoding (we ask for none, but a proxy may not care), within limits; damaged input is `unavailable`, so it is tried again. */
export async function* decompress(
  body: AsyncIterable<Buffer> & { readonly discard: () => void },
  contentEncoding: string,
  limit: DecompressLimit,
  doing: string,
): AsyncGenerator<Buffer, void, undefined> {
  const name = contentEncoding.trim().toLowerCase();
  if (!isDecoder(name)) {
    body.discard();
    throw unexpected(doing, 'contentEncoding', 'The answer is encoded in a way that was not asked for.');
  }
  const decoder = decoders[name]();
  let input = 0;
  let output = 0;
  const counted = async function* () {
    for await (const chunk of body) {
      input += chunk.length;
      yield chunk;
    }
  };
  const feeding = pipeline(counted, decoder);
  // The same error ends the loop below.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      output += chunk.length;
      if (output > limit.maxBytes || (output > limit.freeBytes && output > input * limit.ratio))
        throw unexpected(doing, 'decompressionLimit', 'The answer grows beyond all measure when it is decompressed.');
      yield chunk;
    }
  } catch (error) {
    throw error instanceof ConnectorError ? error : new ConnectorError(doing, transportFailure(error), error);
  } finally {
    body.discard();
  }
}

function unexpected(doing: string, code: string, detail: string): ConnectorError {
  return new ConnectorError(doing, { kind: 'unexpectedResponse', code, detail });
}
