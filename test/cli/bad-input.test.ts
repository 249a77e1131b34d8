import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../../lib/audio';
import { QUICK, SAMPLE_RATE, writeRecording } from './recording-file';
import { type CliError, cliJson } from './run-cli';

let folder: string;
let recording: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-bad-'));
  recording = await writeRecording(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, contents: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

/** A WAV file with the given float samples, whatever they are. */
function floatWav(samples: readonly number[]): Uint8Array {
  const bytes = encodeWav(
    { samples: new Float32Array(Math.max(1, samples.length)), sampleRate: SAMPLE_RATE },
    { bitDepth: 32 },
  );
  const data = new DataView(bytes.buffer, bytes.byteLength - 4 * Math.max(1, samples.length));
  samples.forEach((sample, index) => {
    data.setFloat32(4 * index, sample, true);
  });
  return bytes;
}

/** The failure of a fit that must not leave its folder. */
async function failure(argv: readonly string[]) {
  const out = join(folder, 'results', 'nested');
  const { status, json } = await cliJson<CliError>(['fit', ...argv, '--out', out]);
  expect(existsSync(join(folder, 'results'))).toBe(false);
  return { status, ...json.error };
}

describe('a recording that cannot be learned ends with status 1 and names the file', () => {
  test('missing', async () => {
    const { status, code, message } = await failure([join(folder, 'absent.wav')]);
    expect({ status, code }).toEqual({ status: 1, code: 'FILE_NOT_FOUND' });
    expect(message).toContain('absent.wav');
  });

  test.each([
    ['empty', ''],
    ['text that is called wav', 'this is no sound'],
    ['cut off in its header', floatWav([0.1, 0.2]).subarray(0, 30)],
  ])('%s', async (name, contents) => {
    const path = await file(`${name}.wav`, contents);
    const { status, code, message } = await failure([path]);
    expect(status).toBe(1);
    expect(['FILE_FORMAT', 'AUDIO_EMPTY']).toContain(code);
    expect(message).toContain(`${name}.wav`);
  });

  test('cut off in its samples', async () => {
    const whole = await readFile(recording);
    const { status, message } = await failure([
      await file('cut.wav', whole.subarray(0, 2000)),
      ...QUICK,
    ]);
    expect(status).toBe(1);
    expect(message).toContain('cut.wav');
  });

  test('with NaN in its samples', async () => {
    const { status, message } = await failure([
      await file('nan.wav', floatWav([0.1, Number.NaN, 0.2])),
    ]);
    expect(status).toBe(1);
    expect(message).toMatch(/NaN|finite/);
  });

  test('with one sample', async () => {
    const { status, message } = await failure([await file('one.wav', floatWav([0.5]))]);
    expect(status).toBe(1);
    expect(message).toMatch(/sample/);
  });

  test('of which no samples are taken', async () => {
    const { status, message } = await failure([recording, '--samples', '0']);
    expect(status).toBe(1);
    expect(message).toMatch(/samples/);
  });

  test('shorter than where to begin', async () => {
    const { status, field } = await failure([recording, '--offset', '100']);
    expect({ status, field }).toEqual({ status: 1, field: 'offset' });
  });
});

describe('options that a network or the training refuses end with status 1 and name the option', () => {
  test.each([
    ['grid', ['--grid', '-1']],
    ['order', ['--order', '0']],
    ['layers', ['--layers', '0']],
    ['encoding', ['--encoding', '-3']],
    ['learningRate', ['--lr', 'NaN']],
    ['learningRate', ['--lr', '-0.1']],
    ['weightDecay', ['--weight-decay', 'NaN']],
  ])('%s: %j', async (option, argv) => {
    const { status, code, message, field } = await failure([recording, ...QUICK, ...argv]);
    expect({ status, code }).toEqual({ status: 1, code: 'INVALID_ARGUMENT' });
    expect(`${field} ${message}`).toContain(option);
  });

  test('omega of SIREN', async () => {
    const argv = [recording, '--model', 'siren', '--samples', '3000', '--omega0', 'NaN'];
    const { status, message } = await failure(argv);
    expect(status).toBe(1);
    expect(message).toContain('omega0');
  });
});

test('a file where the folder should be is a failure that leaves the file', async () => {
  const path = await file('taken', 'mine');
  const { status, json } = await cliJson<CliError>(['fit', recording, ...QUICK, '--out', path]);
  expect(status).toBe(1);
  expect(json.error).toMatchObject({ code: 'IO' });
  expect(await readFile(path, 'utf8')).toBe('mine');
});
