import { InputError } from '../app/tenants';

const longestInput = 64 * 1024;
const hintAfterMs = 10_000;

/** Reads a secret from standard input: a file or a pipe to its end, or a line that is typed or pasted into a terminal, which does not show it. */
export async function readSecret(signal: AbortSignal): Promise<string> {
  return process.stdin.isTTY ? readFromTerminal(signal) : readToEnd(signal);
}

async function readToEnd(signal: AbortSignal): Promise<string> {
  const hint = setTimeout(() => process.stderr.write('Waiting for the secret on standard input …\n'), hintAfterMs);
  const stop = (): void => void process.stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  try {
    let length = 0;
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk as Uint8Array);
      chunks.push(bytes);
      length += bytes.length;
      if (length > longestInput)
        throw new InputError('Standard input is far too long for a secret.', 'Give the secret value alone.');
    }
  } finally {
    clearTimeout(hint);
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  const all = Buffer.concat(chunks);
  // What Windows PowerShell writes to a file.
  const utf16 = all[0] === 0xff && all[1] === 0xfe;
  return all.toString(utf16 ? 'utf16le' : 'utf8');
}

async function readFromTerminal(signal: AbortSignal): Promise<string> {
  process.stderr.write('Paste the secret value (it is not shown) and press Enter: ');
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  let text = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const take = (typed: string): void => {
        for (const key of typed) {
          if (key === '\r' || key === '\n' || key === '\u0004') {
            resolve();
            return;
          }
          // In raw mode Ctrl+C is a key.
          if (key === '\u0003') process.kill(process.pid, 'SIGINT');
          else if (key === '\u007f' || key === '\b') text = text.slice(0, -1);
          else text += key;
        }
      };
      stdin.on('data', take);
      signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    process.stderr.write('\n');
  }
  return text;
}
