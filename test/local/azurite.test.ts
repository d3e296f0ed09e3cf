import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { build } from 'esbuild';
import { startAzurite } from './azurite';
import { freePort } from './freePort';

const noRetry = { retryOptions: { maxTries: 1 } };

describe('startAzurite', () => {
  it('answers for blobs, queues and tables with one connection string', async () => {
    const azurite = await startAzurite();

    try {
      await BlobServiceClient.fromConnectionString(azurite.connectionString).createContainer('box');
      await QueueServiceClient.fromConnectionString(azurite.connectionString).createQueue('line');
      await TableClient.fromConnectionString(azurite.connectionString, 'desk', { allowInsecureConnection: true }).createTable();
    } finally {
      await azurite.stop();
    }

    const after = QueueServiceClient.fromConnectionString(azurite.connectionString, noRetry);
    await expect(after.getProperties()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('keeps its data in the folder and takes the same ports again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'azurite-'));
    const options = { folder, blobPort: await freePort(), queuePort: await freePort(), tablePort: await freePort() };
    const first = await startAzurite(options);
    const queue = QueueServiceClient.fromConnectionString(first.connectionString).getQueueClient('kept');
    await queue.create();
    await queue.sendMessage('still here');
    await first.stop();

    const second = await startAzurite(options);

    try {
      expect(second.connectionString).toBe(first.connectionString);
      expect((await queue.peekMessages()).peekedMessageItems.map((item) => item.messageText)).toEqual(['still here']);
    } finally {
      await second.stop();
    }
  });

  it('says what Azurite said when it cannot start', async () => {
    // A file where the folder should be.
    await expect(startAzurite({ folder: join(__filename, 'below-a-file') })).rejects.toThrow();
  });

  it('does not outlive a parent that is killed', async () => {
    const script = join(mkdtempSync(join(tmpdir(), 'azurite-')), 'parent.cjs');
    const contents = `import { startAzurite } from './azurite';
      void startAzurite().then((azurite) => { console.log(azurite.connectionString); setInterval(() => {}, 1000); });`;
    await build({ stdin: { contents, resolveDir: __dirname }, bundle: true, platform: 'node', format: 'cjs', outfile: script });
    const parent = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_PATH: join(process.cwd(), 'node_modules') },
    });
    const first = await createInterface(parent.stdout)[Symbol.asyncIterator]().next();
    const service = QueueServiceClient.fromConnectionString(String(first.value), noRetry);
    await service.getProperties();

    parent.kill('SIGKILL');

    const deadline = Date.now() + 60_000;
    const answering = () =>
      service.getProperties().then(
        () => true,
        () => false,
      );
    while (await answering()) {
      if (Date.now() > deadline) throw new Error('Azurite still answers a minute after its parent was killed.');
      await delay(100);
    }
  });
});
