import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, readTorchFile, scope } from '../../lib/tensor';
import { type CliError, cli, cliJson } from './run-cli';

const made = (name: string) => join(__dirname, '..', 'tensor', 'torch-files', name);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-convert-'));
});
afterEach(() => rm(folder, { recursive: true }));
const out = () => join(folder, 'x.safetensors');

describe('fewsound convert', () => {
  test('writes what the checkpoint holds, and lists it', async () => {
    const { status, json } = await cliJson(['convert', made('tensors.pth'), '--out', out()]);
    expect(status).toBe(0);
    expect(json).toMatchObject({ otherValues: 0, files: { safetensors: out() } });
    expect(json.tensors).toContainEqual({ name: 'transposed', dtype: 'float32', shape: [6, 4] });
    await scope(async () => {
      const [before, after] = [
        await readTorchFile(made('tensors.pth')),
        await readSafetensors(out()),
      ];
      expect([...after.tensors.keys()]).toEqual([...before.tensors.keys()]);
      for (const [name, each] of before.tensors) {
        const written = after.tensors.get(name);
        expect([name, written?.dtype, written?.toArray()]).toEqual([
          name,
          each.dtype,
          each.toArray(),
        ]);
      }
    });
  });

  test('prints a table for people, and says what is left out', async () => {
    const { stdout } = await cli(['convert', made('checkpoint_2.pth'), '--out', out()]);
    expect(stdout).toMatch(/^model_state_dict\.0\.weight +float32 +\[4, 3\]$/m);
    expect(stdout).toMatch(/^19 tensors written to .*x\.safetensors$/m);
    expect(stdout).toMatch(/^\d+ other values left out/m);
  });

  test('refuses a file that would run something, and writes nothing', async () => {
    const { status, json } = await cliJson<CliError>([
      'convert',
      made('malicious_reduce.pth'),
      '--out',
      out(),
    ]);
    expect({ status, code: json.error.code }).toEqual({ status: 1, code: 'FILE_FORMAT' });
    expect(json.error.message).toContain('posix.system');
    expect(existsSync(out())).toBe(false);
  });

  test('refuses a file without tensors', async () => {
    const { json } = await cliJson<CliError>(['convert', made('numpy.pth'), '--out', out()]);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'checkpoint' });
  });

  test('wants to know where to write', async () => {
    await writeFile(join(folder, 'x.pth'), '');
    const { status, json } = await cliJson<CliError>(['convert', join(folder, 'x.pth')]);
    expect(status).toBe(2);
    expect(json.error.message).toContain('--out');
  });
});
