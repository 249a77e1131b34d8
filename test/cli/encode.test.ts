import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadClip, readAudio } from '../../lib/audio';
import { HyperSound, load, loadHyperNetwork, PiecewiseInr } from '../../lib/nn';
import { runFiles } from '../../lib/train';
import { wav } from '../data/made-up-corpus';
import { type CliError, cli, cliJson } from './run-cli';
import { RATE, TINY_MODEL, TrainingPlace } from './tiny-training';

let place: TrainingPlace;
let run: string;
beforeAll(async () => {
  place = await TrainingPlace.make();
  run = place.fresh();
  await cliJson(await place.argv(run));
});
afterAll(() => place.remove());

interface Encoded {
  readonly pieces: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly parameters: number;
  readonly bytes: { readonly networks: number; readonly samples16: number };
  readonly metrics: Record<string, number>;
}

/** Encodes the recording with a run's best model. */
async function encoded(...argv: readonly string[]) {
  const file = join(place.folder, 'encoded.safetensors');
  const found = await cliJson<Encoded>(['encode', run, place.recording, '--out', file, ...argv]);
  return { file, ...found };
}

async function decoded(file: string, ...argv: readonly string[]): Promise<Float32Array> {
  const out = join(place.folder, 'decoded.wav');
  await cliJson(['decode', file, '--out', out, '--bit-depth', '32', ...argv]);
  return (await readAudio(out)).channels[0] as Float32Array;
}

describe('fewsound encode and decode', () => {
  test('a recording longer than the model hears becomes pieces, and sound again', async () => {
    const { status, json, file } = await encoded();
    expect(status).toBe(0);
    // Pieces of 1024 that share 256: 1 + ceil((9000 - 1024) / 768) of them.
    const { size } = await stat(file);
    expect(json).toMatchObject({
      model: 'fewsound',
      target: 'nerf',
      samples: 9000,
      sampleRate: RATE,
      pieces: 12,
      overlap: 256,
      parameters: 12 * (7 * 8 + 9 * 8 + 9),
      bytes: { networks: size, samples16: 18_000 },
      metrics: { mse: expect.any(Number), siSnr: expect.any(Number) },
      files: { networks: file },
    });
    const out = join(place.folder, 'made', 'here.wav');
    const sound = await cliJson(['decode', file, '--out', out]);
    expect(sound.status).toBe(0);
    expect(sound.json).toMatchObject({
      pieces: 12,
      samples: 9000,
      sampleRate: RATE,
      parameters: json.parameters,
      bytes: json.bytes,
      files: { wav: out },
    });
  });

  test('what decode writes is what encode measured', async () => {
    const { json, file } = await encoded();
    const sound = await decoded(file);
    const { samples } = await loadClip(place.recording, { normalize: false });
    const mse = sound.reduce((sum, x, i) => sum + (x - (samples[i] as number)) ** 2, 0) / 9000;
    expect(mse).toBeCloseTo(json.metrics.mse as number, 6);
  });

  test('decodes at any rate, any stretch', async () => {
    const { file } = await encoded();
    const [whole, finer] = [await decoded(file), await decoded(file, '--sample-rate', '16000')];
    expect(finer).toHaveLength(18_000);
    const stretch = await decoded(file, '--from', '0.5', '--to', '0.75');
    expect(stretch).toHaveLength(2000);
    stretch.forEach((x, i) => {
      expect(x).toBeCloseTo(whole[4000 + i] as number, 3);
    });
  });

  test('pieces fade into each other: where they meet the sound jumps no more than a network alone does', async () => {
    const { file } = await encoded('--overlap', '200');
    const sound = await decoded(file);
    const whole = await load(file);
    if (!(whole instanceof PiecewiseInr)) throw new Error('not in pieces');
    const { pieces, overlap } = whole;
    const own = whole.networks.map((network) => network.render(1024));
    whole.dispose();
    const jump = (samples: Float32Array | undefined, i: number) =>
      ((samples?.[i] as number) - (samples?.[i - 1] as number)) ** 2;
    let heard = 0;
    let alone = 0;
    let cut = 0;
    for (const [index, { start }] of pieces.entries()) {
      if (index === 0) continue;
      const end = start + overlap;
      // Where a piece begins only the one before sounds; where that one ends only this.
      heard += jump(sound, start) + jump(sound, end);
      alone += jump(own[index - 1], 1024 - overlap) + jump(own[index], overlap);
      cut += ((own[index]?.[0] as number) - (own[index - 1]?.[1024 - overlap - 1] as number)) ** 2;
    }
    expect(heard / alone).toBeCloseTo(1, 2);
    // Without fading it would be heard.
    expect(cut).toBeGreaterThan(2 * heard);
  });

  test('the loudness of each piece comes back', async () => {
    const quiet = join(place.folder, 'quiet.wav');
    const { samples } = await loadClip(place.recording, { normalize: false });
    await writeFile(quiet, wav(samples.map((x) => x / 100)));
    const { file } = await encoded();
    const loud = await decoded(file);
    await cliJson(['encode', run, quiet, '--out', file]);
    const soft = await decoded(file);
    loud.forEach((x, i) => {
      expect(soft[i]).toBeCloseTo(x / 100, 4);
    });
  });

  test('--fit goes on from there, --report makes a page to listen to both', async () => {
    const page = join(place.folder, 'pages', 'both.html');
    const { json, file } = await encoded('--fit', '20', '--report', page);
    const { fitted, metrics, files } = json as Encoded & {
      readonly fitted: { readonly steps: number; readonly metrics: Record<string, number> };
      readonly files: { readonly report: string };
    };
    expect(fitted.steps).toBe(20);
    expect(fitted.metrics.mae).toBeLessThan(metrics.mae as number);
    // The file holds what was learned.
    const { samples } = await loadClip(place.recording, { normalize: false });
    const sound = await decoded(file);
    const mae = sound.reduce((sum, x, i) => sum + Math.abs(x - (samples[i] as number)), 0) / 9000;
    expect(mae).toBeCloseTo(fitted.metrics.mae as number, 6);
    expect(files.report).toBe(page);
    const html = await readFile(page, 'utf8');
    const players = [...html.matchAll(/<audio [^>]*aria-label="([^"]*)"/g)].map(([, of]) => of);
    expect(players).toEqual(['Original', 'FewSound', 'FewSound, then 20 steps']);
  });

  test('--report alone shows the answer, and nothing of a fit', async () => {
    const page = join(place.folder, 'answer.html');
    const { json } = await encoded('--report', page);
    expect(json).not.toHaveProperty('fitted');
    expect((await readFile(page, 'utf8')).match(/<audio /g)).toHaveLength(2);
  });

  test('silence stays silence, whatever it learns', async () => {
    const silent = join(place.folder, 'silent.wav');
    await writeFile(silent, wav(new Float32Array(3000)));
    const file = join(place.folder, 'silent.safetensors');
    const { status } = await cliJson(['encode', run, silent, '--out', file, '--fit', '2']);
    expect(status).toBe(0);
    expect(await decoded(file)).toEqual(new Float32Array(3000));
  });

  test('says what it did', async () => {
    const file = join(place.folder, 'said.safetensors');
    const { stdout } = await cli(['encode', run, place.recording, '--out', file]);
    expect(stdout).toMatch(/^SI-SNR /m);
    expect(stdout).toMatch(/1\.13 s of sound at 8,000 Hz in 12 nerf networks of 1,644 parameters/);
    expect(stdout).toMatch(/bytes, [\d.]+ times the 18,000 of the samples in 16 bits/);
    const decodedText = await cli(['decode', file, '--out', join(place.folder, 'said.wav')]);
    expect(decodedText.stdout).toContain('from 12 networks of 1,644 parameters');
  });
});

describe('the rate of the model', () => {
  test('is that of its corpus: a recording of another is resampled', async () => {
    const double = join(place.folder, 'double.wav');
    const { samples } = await loadClip(place.recording, { normalize: false });
    await writeFile(double, wav(samples, 2 * RATE));
    const file = join(place.folder, 'double.safetensors');
    const { json } = await cliJson<Encoded>(['encode', run, double, '--out', file]);
    expect(json).toMatchObject({ sampleRate: RATE, samples: 4500 });
  });

  test('cannot be given where the model knows it', async () => {
    const argv = ['encode', run, place.recording, '--sample-rate', '44100'];
    const { status, json } = await cliJson<CliError>(argv);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'sampleRate' });
  });

  test('is 22050 Hz, with a note, for a model that does not say, unless it is given', async () => {
    const { universalKernel: _, warmupEpochs: __, kind: ___, ...options } = TINY_MODEL;
    const model = join(place.folder, 'untrained.safetensors');
    using untrained = new HyperSound(options);
    await untrained.save(model);
    using loaded = await loadHyperNetwork(model);
    expect(loaded.sampleRate).toBeUndefined();
    const argv = ['encode', model, place.recording, '--out', join(place.folder, 'u.safetensors')];
    const { stdout, stderr } = await cli(argv);
    expect(stderr).toMatch(/does not say at which rate .*22050 Hz.*--sample-rate/);
    expect(stdout).toContain('at 22,050 Hz');
    const given = await cliJson<Encoded>([...argv, '--sample-rate', '8000']);
    expect(given.json.sampleRate).toBe(8000);
    expect(given.stderr).not.toContain('does not say');
  });
});

describe('what cannot be encoded or decoded ends with status 1 and says what to do', () => {
  const out = () => join(place.folder, 'never');
  test.each<[string, () => Promise<string[]> | string[], string, RegExp]>([
    [
      'a folder that is no run',
      () => ['encode', place.corpus, place.recording],
      'FILE_NOT_FOUND',
      /no trained model/,
    ],
    [
      'a model that is not there',
      () => ['encode', '/nowhere.safetensors', place.recording],
      'FILE_NOT_FOUND',
      /nowhere/,
    ],
    [
      'a recording that is not there',
      () => ['encode', run, '/nowhere.wav'],
      'FILE_NOT_FOUND',
      /nowhere\.wav/,
    ],
    [
      'an overlap beyond a quarter of a piece',
      () => ['encode', run, place.recording, '--overlap', '500'],
      'INVALID_ARGUMENT',
      /overlap is 500.*256/,
    ],
    [
      'a network for a model',
      async () => ['encode', (await encoded()).file, place.recording],
      'FILE_FORMAT',
      /read it with load/,
    ],
    [
      'a model for networks',
      () => ['decode', runFiles(run).best],
      'FILE_FORMAT',
      /model that writes networks/,
    ],
    [
      'networks that are not there',
      () => ['decode', '/nowhere.safetensors'],
      'FILE_NOT_FOUND',
      /nowhere/,
    ],
  ])('%s', async (_, make, code, message) => {
    const { status, json } = await cliJson<CliError>([...(await make()), '--out', out()]);
    expect({ status, code: json.error.code }).toEqual({ status: 1, code });
    expect(json.error.message).toMatch(message);
    expect(existsSync(out())).toBe(false);
  });

  test('a place where it could not write, before it begins', async () => {
    const argv = ['encode', run, place.recording, '--fit', '100000', '--out', place.folder];
    const { status, json } = await cliJson<CliError>(argv);
    expect({ status, code: json.error.code }).toEqual({ status: 1, code: 'INVALID_ARGUMENT' });
  });

  test('Ctrl-C ends it with status 130 and writes nothing', async () => {
    const signal = AbortSignal.abort();
    const argv = ['encode', run, place.recording, '--out', out()];
    expect((await cliJson<CliError>(argv, signal)).status).toBe(130);
    expect(existsSync(out())).toBe(false);
  });
});

test('a file that is cut short is refused by decode', async () => {
  const { file } = await encoded();
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length - 40));
  const { status, json } = await cliJson<CliError>(['decode', file, '--out', '/nowhere/x.wav']);
  expect({ status, code: json.error.code }).toEqual({ status: 1, code: 'FILE_FORMAT' });
});
