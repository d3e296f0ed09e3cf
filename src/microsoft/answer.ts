import { ConnectorError } from '../domain/failure';
import type { Answer } from '../domain/source';

interface AnswerParts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Buffer>;
  readonly discard: () => void;
  /** What was being done, for error texts. */
  readonly doing: string;
}

/** An answer over a body that can be read once. */
export function createAnswer({ status, headers, body, discard, doing }: AnswerParts): Answer {
  const text = async (maxBytes: number): Promise<string> => {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body) {
      length += chunk.length;
      if (length > maxBytes)
        throw new ConnectorError(doing, {
          kind: 'unexpectedResponse',
          code: 'bodyTooLong',
          detail: `The answer is longer than ${maxBytes} bytes.`,
        });
      chunks.push(chunk);
    }
    return decodeUtf8(Buffer.concat(chunks));
  };
  return { status, headers, body, text, discard };
}

/** The start of an answer's body, read off: an answer whose text can be asked for again and again. */
export async function readAhead(answer: Answer, maxBytes: number): Promise<{ readonly answer: Answer; readonly text: string }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBytes) break;
  }
  answer.discard();
  const start = Buffer.concat(chunks).subarray(0, maxBytes);
  const text = decodeUtf8(start);
  const body: AsyncIterable<Buffer> = {
    // eslint-disable-next-line @typescript-eslint/require-await
    async *[Symbol.asyncIterator]() {
      yield start;
    },
  };
  const { status, headers } = answer;
  return { text, answer: { status, headers, body, text: () => Promise.resolve(text), discard: () => undefined } };
}

function decodeUtf8(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
