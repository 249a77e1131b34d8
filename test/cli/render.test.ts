import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAudio } from '../../lib/audio';
import { QUICK, SAMPLE_RATE, writeRecording } from './recording-file';
import { type CliError, cliJson } from './run-cli';

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-render-'));
  const out = join(folder, 'out');
  await cliJson(['fit', await writeRecording(folder), ...QUICK, '--out', out]);
  model = join(out, 'model.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

const wav = () => join(folder, 'rendered.wav');

describe('fewsound render', () => {
  test('gives the reconstruction back, sample by sample', async () => {
    const { status, json } = await cliJson(['render', model, '--out', wav(), '--bit-depth', '32']);
    expect(status).toBe(0);
    expect(json).toMatchObject({
      model: 'kan',
      samples: 3000,
      sampleRate: SAMPLE_RATE,
      files: { wav: wav() },
    });
    const [rendered] = (await readAudio(wav())).channels as [Float32Array];
    const [fitted] = (await readAudio(join(folder, 'out', 'reconstruction.wav'))).channels as [
      Float32Array,
    ];
    expect(rendered).toHaveLength(fitted.length);
    rendered.forEach((sample, index) => {
      expect(sample).toBeCloseTo(fitted[index] as number, 4);
    });
  });

  test('renders a stretch at another rate', async () => {
    const stretch = ['--from', '0.1', '--to', '0.3', '--sample-rate', '44100'];
    const { status, json } = await cliJson(['render', model, '--out', wav(), ...stretch]);
    expect(status).toBe(0);
    expect(json).toMatchObject({ samples: 8820, sampleRate: 44_100, from: 0.1, to: 0.3 });
    expect(await readAudio(wav())).toMatchObject({ sampleRate: 44_100 });
  });

  test('refuses a stretch that ends before it begins, and writes nothing', async () => {
    const path = join(folder, 'never.wav');
    const argv = ['render', model, '--out', path, '--from', '0.3', '--to', '0.1'];
    const { status, json } = await cliJson<CliError>(argv);
    expect(status).toBe(1);
    expect(json.error.code).toBe('INVALID_ARGUMENT');
    expect(existsSync(path)).toBe(false);
  });

  test.each(['render', 'decode'])('Ctrl-C ends %s with status 130', async (command) => {
    const path = join(folder, 'never.wav');
    const argv = [command, model, '--out', path];
    const { status, json } = await cliJson<CliError>(argv, AbortSignal.abort());
    expect({ status, code: json.error.code }).toEqual({ status: 130, code: 'ABORTED' });
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    ['a file that is not there', 'absent.safetensors', undefined, 'FILE_NOT_FOUND'],
    ['a file of another kind', 'text.safetensors', () => 'hello', 'FILE_FORMAT'],
    [
      'a file that is cut short',
      'cut.safetensors',
      (whole: Buffer) => whole.subarray(0, whole.length - 100),
      'FILE_FORMAT',
    ],
  ] as const)('refuses %s', async (_, name, contents, code) => {
    const path = join(folder, name);
    if (contents) await writeFile(path, contents(await readFile(model)));
    const { status, json } = await cliJson<CliError>([
      'render',
      path,
      '--out',
      join(folder, 'never.wav'),
    ]);
    expect({ status, code: json.error.code }).toEqual({ status: 1, code });
    expect(json.error.message).toContain(name);
    expect(existsSync(join(folder, 'never.wav'))).toBe(false);
  });
});
