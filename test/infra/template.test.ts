import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bicep, fixedIds, infra, parameterFiles } from './bicepFiles';
import { BicepServer } from './bicepServer';

const server = new BicepServer();

afterAll(async () => server.stop());

describe('the template', () => {
  it('has nothing that Bicep or its linter remarks on', async () => {
    const { stdout, stderr } = await bicep('lint', join(infra, 'main.bicep'), '--diagnostics-format', 'sarif');

    const remarks = (JSON.parse(stdout) as { runs: { results: unknown[] }[] }).runs.flatMap(({ results }) => results);
    expect({ remarks, stderr }).toEqual({ remarks: [], stderr: '' });
  });

  it('is formatted', async () => {
    const formatted = mkdtempSync(join(tmpdir(), 'infra-format-'));
    cpSync(infra, formatted, { recursive: true });

    await bicep('format', '--pattern', join(formatted, '**/*.bicep'));
    await bicep('format', '--pattern', join(formatted, '**/*.bicepparam'));

    const files = readdirSync(infra, { recursive: true, encoding: 'utf8' }).filter((file) => /\.bicep(param)?$/.test(file));
    const text = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');
    const differing = files.filter((file) => text(infra, file) !== text(formatted, file));
    rmSync(formatted, { recursive: true, force: true });
    expect(differing).toEqual([]);
  });

  it('is what main.json was built from', async () => {
    const { stdout, stderr } = await bicep('build', join(infra, 'main.bicep'), '--stdout');

    expect(stderr).toBe('');
    expect(stdout.trim() === readFileSync(join(infra, 'main.json'), 'utf8').trim()).toBe(true);
  });

  it.each(parameterFiles('parameters'))('makes what the snapshot of %s says', async (name) => {
    const { status, stdout, stderr } = await bicep(
      'snapshot',
      join(infra, 'parameters', `${name}.bicepparam`),
      '--mode',
      'validate',
      ...fixedIds,
    );

    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.each(parameterFiles('parameters/invalid'))('refuses %s with a sentence', async (name) => {
    const file = join(infra, 'parameters', 'invalid', `${name}.bicepparam`);
    const sentence = /^\/\/ Fails with: (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1];

    const predicted = await server.predict(file);

    const refusal = 'refusal' in predicted ? predicted.refusal : 'nothing';
    expect(refusal).toContain(sentence ?? 'the first line of the file says what it fails with');
  });
});
