import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readAudio, writeWav } from '../../lib/audio';
import { isPesqSetUp } from '../../lib/metrics';
import { loadSound } from '../../lib/nn/load';
import { SAMPLES, smallFewSound } from '../nn/small-hyper-networks';
import { QUICK, SAMPLE_RATE, writeRecording } from './recording-file';
import { type CliError, cli, cliJson } from './run-cli';

interface FitJson {
  readonly model: string;
  readonly parameters: number;
  readonly steps: number;
  readonly loss: number;
  readonly metrics: Record<string, number | null>;
  readonly seconds: number;
  readonly secondsPerStep: number;
  readonly device: string;
  readonly threads: number;
  readonly files: Record<string, string>;
}

let folder: string;
let recording: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-fit-'));
  recording = await writeRecording(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const out = (name = 'out') => join(folder, name);
const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

describe('fewsound fit', () => {
  test('prints one JSON object with the result, progress on standard error', async () => {
    const run = await cliJson<FitJson>(['fit', recording, ...QUICK, '--out', out()]);
    expect(run.status).toBe(0);
    expect(run.stdout.trim().split('\n')).toHaveLength(1);
    expect(run.json).toEqual({
      model: 'kan',
      // Edges of 8 -> 6 -> 1, each with 1 base, 4 + 2 coefficients and 1 scale.
      parameters: (8 * 6 + 6) * 8,
      steps: 4,
      loss: expect.any(Number),
      metrics: {
        mse: expect.any(Number),
        psnr: expect.any(Number),
        snr: expect.any(Number),
        siSnr: expect.any(Number),
        lsd: expect.any(Number),
        wd: expect.any(Number),
        // Less than a second; PESQ where it is set up.
        pesq: isPesqSetUp() ? expect.any(Number) : null,
        stoi: 1e-5,
        estoi: 1e-5,
        cdpam: null,
      },
      yardstick: {
        ...{ numbers: 432, coefficients: 216, blockSize: expect.any(Number) },
        ...{ window: expect.any(String), metrics: expect.objectContaining({ cdpam: null }) },
      },
      seconds: expect.any(Number),
      secondsPerStep: expect.any(Number),
      device: 'cpu',
      threads: 1,
      files: expect.any(Object),
    });
    expect(run.stderr).toMatch(/4\/4 {2}loss .* SI-SNR .* steps\/s .* left/);
  });

  test('writes a folder from which everything can be had again', async () => {
    const { json: result } = await cliJson<FitJson>(['fit', recording, ...QUICK, '--out', out()]);
    const names = ['config.json', 'metrics.json', 'metrics.jsonl', 'model.safetensors'];
    names.push('original.wav', 'reconstruction.wav', 'report.html');
    expect((await readdir(out())).sort()).toEqual(names);
    expect(Object.values(result.files).sort()).toEqual(names.map((name) => resolve(out(), name)));

    const network = await loadSound(result.files.model as string);
    const reconstruction = await readAudio(result.files.reconstruction as string);
    expect(reconstruction.sampleRate).toBe(SAMPLE_RATE);
    expect(reconstruction.channels[0]).toEqual(network.render(3000));
    network.dispose();

    const { files, ...numbers } = result;
    expect(await json(files.metrics as string)).toEqual(numbers);
    const lines = (await readFile(files.log as string, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(await json(files.config as string)).toMatchObject({
      audio: resolve(recording),
      model: 'kan',
      modelOptions: { layers: [6], grid: 4, order: 2, encoding: 4, scaleSpline: true },
      recording: { samples: 3000 },
      training: { steps: 4, seed: 0, threads: 1, device: 'cpu' },
    });
  });

  test('takes every option of the training that the table of options has a flag for', async () => {
    const { json: result } = await cliJson<FitJson>([
      ...['fit', recording, ...QUICK, '--out', out(), '--betas', '0.8,0.99', '--epsilon', '1e-7'],
      ...['--mels', '20', '--fft-sizes', '256,128', '--schedule', 'oneCycle', '--div-factor', '10'],
    ]);
    const { training, fitOptions } = await json(result.files.config as string);
    expect(training).toMatchObject({
      ...{ betas: [0.8, 0.99], epsilon: 1e-7, loss: { mels: 20, fftSizes: [256, 128] } },
      schedule: { kind: 'oneCycle', divFactor: 10 },
    });
    expect(fitOptions.schedule).toMatchObject({ divFactor: 10, finalDivFactor: 1e4 });
  });

  test.each<[string[], string, object]>([
    [[], 'quick', { steps: 2, loss: { emphasized: 1 }, schedule: { kind: 'warmupStableDecay' } }],
    [['--layers', '4'], 'paper', { loss: { emphasized: 0 }, schedule: 'constant' }],
    [
      ['--recipe', 'best', '--decay', '0.5', '--mel-weight', '0.2', '--layers', '4'],
      'best',
      { loss: { mel: 0.2, time: 0.3 }, schedule: { kind: 'warmupStableDecay', decay: 0.5 } },
    ],
    [['--recipe', 'best', '--schedule', 'cosine', '--layers', '4'], 'best', { schedule: 'cosine' }],
  ])('with %j takes the recipe %s, beneath what is given', async (flags, name, training) => {
    const long = await writeRecording(folder, 'long.wav', 1200);
    await cliJson(['fit', long, '--steps', '2', ...flags, '--out', out()]);
    expect(await json(out('out/config.json'))).toMatchObject({ recipe: { name }, training });
  });

  test.each([
    ['1,2.5', [1, 2.5]],
    ['octaves:3', [1, 2, 4]],
    ['geometric:1:100:3', [1, 10, 100]],
    ['band:2', [1, 375]],
    // 1,500 samples at 8 kHz are 1,499 periods of that rate.
    ['linear:8Hz:16Hz:2', [1.499, 2.998]],
  ])('has the frequencies %s of the encoding as a list', async (given, expected) => {
    const own = ['--samples', '1500', '--layers', '4', '--steps', '1'];
    const argv = ['fit', recording, ...own, '--encoding-frequencies', given, '--out', out()];
    const { json: result } = await cliJson<FitJson>(argv);
    const { modelOptions } = await json(result.files.config as string);
    const found: number[] = modelOptions.encodingFrequencies;
    expect(found).toHaveLength(expected.length);
    for (const [i, cycles] of expected.entries()) expect(found[i]).toBeCloseTo(cycles, 9);
    const network = await loadSound(result.files.model as string);
    expect(network).toMatchObject({ options: { encodingFrequencies: found } });
    network.dispose();
  });

  test.each(['geometric:1:100', 'linear:8Hz:16:2', 'peaks:3', '1,two'])(
    'refuses frequencies that it cannot read: %s',
    async (given) => {
      const { status } = await cli(['fit', recording, '--encoding-frequencies', given]);
      expect(status).toBe(2);
    },
  );

  test('goes on to wider networks where a recipe asks for it', async () => {
    const brief = ['--samples', '1200', '--recipe', 'transparent', '--steps', '1'];
    const { stderr } = await cli(['fit', recording, ...brief, '--out', out()]);
    expect(stderr.match(/going on with a wider network/g)).toHaveLength(3);
    const { modelOptions, wider } = await json(out('out/config.json'));
    expect(modelOptions).toMatchObject({ layers: [90, 44, 22], grid: 32 });
    expect(wider).toEqual([]);
    expect(existsSync(out('out/checkpoints'))).toBe(false);
  });

  test('has recipes for a KAN and a FINER, and the paper for others', async () => {
    const small = ['--steps', '1', '--threads', '1', '--samples', '1200', '--out', out()];
    for (const [model, recipe] of [
      ['nerf', 'quick'],
      ['finer', 'transparent'],
    ] as const) {
      const { status } = await cli(['fit', recording, '--model', model, '--recipe', recipe]);
      expect(status).toBe(2);
    }
    await cli(['fit', recording, '--model', 'finer', '--recipe', 'best', ...small]);
    const { recipe, modelOptions, training } = await json(out('out/config.json'));
    expect(recipe).toEqual({ name: 'best', version: 1 });
    expect(modelOptions).toMatchObject({ omega0: 1000, envelope: expect.any(Array) });
    expect(training).toMatchObject({ learningRate: 1e-4, share: 0.25 });
    for (const [flags, usual] of [
      [['--model', 'finer'], 'quick'],
      [['--model', 'finer', '--omega0', '30'], 'paper'],
      [['--model', 'siren'], 'paper'],
    ] as const) {
      await cli(['fit', recording, ...flags, ...small]);
      expect((await json(out('out/config.json'))).recipe.name).toBe(usual);
    }
  });

  test('has the metrics that `fewsound metrics` finds for its files', async () => {
    const { json: result } = await cliJson<FitJson>(['fit', recording, ...QUICK, '--out', out()]);
    const { original = '', reconstruction = '' } = result.files;
    const { json: measured } = await cliJson<FitJson>(['metrics', original, reconstruction]);
    for (const [name, value] of Object.entries(result.metrics)) {
      if (value === null) expect(measured.metrics[name]).toBeNull();
      else expect(measured.metrics[name]).toBeCloseTo(value as number, 10);
    }
  });

  test('gives the same numbers for the same seed, others for another', async () => {
    const loss = async (seed: string) =>
      (await cliJson<FitJson>(['fit', recording, ...QUICK, '--seed', seed, '--out', out(seed)]))
        .json.loss;
    const first = await loss('7');
    expect(await loss('7')).toBe(first);
    expect(await loss('8')).not.toBe(first);
  });

  test('uses a folder that is there, and replaces only its own files', async () => {
    await mkdir(out());
    await writeFile(join(out(), 'notes.txt'), 'mine');
    await writeFile(join(out(), 'report.html'), 'old');
    await mkdir(join(out(), 'checkpoints'));
    await writeFile(join(out(), 'checkpoints', 'best.safetensors'), 'mine too');
    const { status } = await cliJson(['fit', recording, ...QUICK, '--out', out()]);
    expect(status).toBe(0);
    expect(await readFile(join(out(), 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readFile(join(out(), 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(await readdir(join(out(), 'checkpoints'))).toEqual(['best.safetensors']);
  });

  test.each(['train.json', 'classifier.json', 'checkpoints/last.safetensors'])(
    'refuses the folder of a training (%s), and touches nothing in it',
    async (name) => {
      await mkdir(join(out(), 'checkpoints'), { recursive: true });
      await writeFile(join(out(), name), '{}');
      const before = await readdir(out(), { recursive: true });
      const { json: result } = await cliJson<CliError>([
        'fit',
        recording,
        ...QUICK,
        '--out',
        out(),
      ]);
      expect(result.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'out' });
      expect(await readdir(out(), { recursive: true })).toEqual(before);
    },
  );

  test('tells people the metrics and where the files are', async () => {
    const { status, stdout, stderr } = await cli([
      'fit',
      recording,
      ...QUICK,
      '--out',
      out(),
      '--quiet',
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/SI-SNR +\S+ +dB +higher is better/);
    expect(stdout).toContain(`Results in ${out()}`);
    expect(stderr).toBe('');
  });

  test('has null for metrics that silence leaves undefined', async () => {
    const silent = join(folder, 'silent.wav');
    await writeWav(silent, { samples: new Float32Array(4000), sampleRate: SAMPLE_RATE });
    const { status, json: result } = await cliJson<FitJson>([
      'fit',
      silent,
      ...QUICK,
      '--out',
      out(),
    ]);
    expect(status).toBe(0);
    expect(result.metrics.siSnr).toBeNull();
    expect(result.metrics.psnr).toBeNull();
  });

  test('has frequencies in hertz for the length of a piece', async () => {
    const long = await writeRecording(folder, 'long.wav', 40_000);
    const { json: result } = await cliJson<FitJson>([
      ...['fit', long, '--samples', 'all', '--encoding-frequencies', 'linear:20Hz:500Hz:3'],
      ...['--layers', '4', '--grid', '3', '--steps', '1', '--threads', '1', '--out', out()],
    ]);
    const { modelOptions } = await json(result.files.config as string);
    // Two pieces that share 2,048 samples.
    const seconds = (21_024 - 1) / SAMPLE_RATE;
    expect(modelOptions.encodingFrequencies.at(-1)).toBeCloseTo(500 * seconds, 6);
  });

  test('learns a whole recording piece by piece', async () => {
    const long = await writeRecording(folder, 'long.wav', 40_000);
    const argv = ['fit', long, ...QUICK, '--samples', 'all', '--out', out()];
    const { status, json: result } = await cliJson<FitJson>(argv);
    expect(status).toBe(0);
    expect((await readAudio(result.files.reconstruction as string)).channels[0]).toHaveLength(
      40_000,
    );
    const network = await loadSound(result.files.model as string);
    expect(network.render(40_000)).toHaveLength(40_000);
    network.dispose();
  });
});

describe('an interrupted fit', () => {
  test('of wider networks in turn keeps the results of those before', async () => {
    const controller = new AbortController();
    const brief = ['--samples', '1200', '--recipe', 'transparent', '--steps', '40'];
    const watch = setInterval(() => {
      if (existsSync(out('out/report.html'))) controller.abort();
    }, 1);
    const run = await cli(['fit', recording, ...brief, '--out', out()], controller.signal);
    clearInterval(watch);
    expect(run.status).toBe(130);
    const { parameters } = await json(out('out/metrics.json'));
    const network = await loadSound(out('out/model.safetensors'));
    expect(network).toMatchObject({ parameterCount: parameters });
    network.dispose();
  });

  const MANY = [...QUICK, '--steps', '400', '--seed', '3'];

  /** Starts a fit and interrupts it once its first progress has been shown. */
  async function interrupted() {
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (existsSync(join(out(), 'config.json'))) controller.abort(new Error('SIGINT'));
    }, 5);
    const run = await cliJson<CliError>(
      ['fit', recording, ...MANY, '--out', out()],
      controller.signal,
    );
    clearInterval(watch);
    return run;
  }

  test('ends with status 130 and says how to go on', async () => {
    const { status, json: result } = await interrupted();
    expect(status).toBe(130);
    expect(result.error.code).toBe('ABORTED');
    expect(result.error.message).toContain(`fewsound fit --resume ${out()}`);
    expect((await readdir(out())).sort()).toEqual(['checkpoints', 'config.json', 'original.wav']);
  });

  test('goes on to what it would have come to without', async () => {
    await interrupted();
    const { status, json: resumed } = await cliJson<FitJson>(['fit', '--resume', out()]);
    expect(status).toBe(0);
    const { json: whole } = await cliJson<FitJson>([
      'fit',
      recording,
      ...MANY,
      '--out',
      out('whole'),
    ]);
    expect(resumed.steps).toBe(400);
    expect(resumed.loss).toBe(whole.loss);
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(existsSync(join(out(), 'checkpoints'))).toBe(false);
  });

  test('in pieces goes on with the piece where it was', async () => {
    const long = await writeRecording(folder, 'long.wav', 40_000);
    const inPieces = ['fit', long, ...QUICK, '--samples', 'all', '--steps', '40'];
    const controller = new AbortController();
    const watch = setInterval(() => {
      // The first piece is done when the second has a checkpoint.
      const checkpoints = join(out(), 'checkpoints');
      if (existsSync(join(checkpoints, 'piece-0002.safetensors'))) controller.abort();
    }, 2);
    const every = ['--checkpoint-every', '1'];
    const first = await cli([...inPieces, ...every, '--out', out()], controller.signal);
    clearInterval(watch);
    expect(first.status).toBe(130);
    const { json: resumed } = await cliJson<FitJson>(['fit', '--resume', out()]);
    const { json: whole } = await cliJson<FitJson>([...inPieces, '--out', out('whole')]);
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(resumed.loss).toBe(whole.loss);
  });

  test('is not taken for a fit to another recording', async () => {
    await interrupted();
    const { status, json: result } = await cliJson<CliError>([
      'fit',
      'other.wav',
      '--resume',
      out(),
    ]);
    expect(status).toBe(2);
    expect(result.error.message).toContain('tones.wav');
  });

  test('before it has begun leaves nothing', async () => {
    const { status } = await cliJson(
      ['fit', recording, ...MANY, '--out', out()],
      AbortSignal.abort(),
    );
    expect(status).toBe(130);
    expect(existsSync(out())).toBe(false);
  });
});

describe('fewsound fit --from', () => {
  const few = ['--steps', '2', '--threads', '1'];
  const waveform = ['--mel-weight', '0'];

  test('begins with what a model writes, for clips of its length and rate', async () => {
    const file = out('model.safetensors');
    using model = smallFewSound('nerf');
    model.sampleRate = 4000;
    await model.save(file);
    const run = await cliJson<FitJson>([
      'fit',
      recording,
      '--from',
      file,
      ...few,
      ...waveform,
      '--out',
      out(),
    ]);
    expect(run.status).toBe(0);
    expect(run.json.model).toBe('nerf');
    const config = await json(run.json.files.config as string);
    expect(config.from).toEqual({ path: resolve(file), kind: 'fewsound, nerf' });
    expect(config.recording).toMatchObject({ samples: SAMPLES, sampleRate: 4000 });
    expect(config.modelOptions).toMatchObject({ layers: [4, 3], encoding: 2 });
    expect(await readFile(run.json.files.report as string, 'utf8')).toContain(resolve(file));
  });

  test('goes on with the network of another fit, and can be resumed', async () => {
    const first = await cliJson<FitJson>(['fit', recording, ...QUICK, '--out', out('first')]);
    const from = ['fit', recording, '--from', out('first'), '--recipe', 'paper', ...few];
    const second = await cliJson<FitJson>([...from, '--checkpoint-every', '1', '--out', out()]);
    expect(second.json.parameters).toBe(first.json.parameters);
    const { modelOptions } = await json(first.json.files.config as string);
    expect((await json(second.json.files.config as string)).modelOptions).toEqual(modelOptions);
    const longer = ['fit', '--resume', out(), '--steps', '5'];
    expect((await cliJson<FitJson>(longer)).json.steps).toBe(5);
    const config = await json(join(out(), 'config.json'));
    expect(config.from.path).toBe(resolve(out('first')));
    expect(config).toMatchObject({ training: { steps: 5 }, fitOptions: { steps: 5 } });
  });

  test.each([
    ['--model and options of a network', ['--model', 'kan'], 'USAGE'],
    ['networks of growing size', ['--recipe', 'transparent'], 'USAGE'],
    ['a recording in pieces', ['--samples', 'all'], 'USAGE'],
    ['clips of another length', ['--samples', '100'], 'INVALID_ARGUMENT'],
  ])('refuses %s before anything is written', async (_, options, code) => {
    const file = out('model.safetensors');
    using model = smallFewSound('kan');
    await model.save(file);
    const given = ['fit', recording, '--from', file, ...options, '--out', out()];
    const { status, json: result } = await cliJson<CliError>(given);
    expect(status).not.toBe(0);
    expect(result.error.code).toBe(code);
    expect(existsSync(out())).toBe(false);
  });

  test('refuses a file that is missing', async () => {
    const given = ['fit', recording, '--from', out('none'), '--out', out()];
    const { json: result } = await cliJson<CliError>(given);
    expect(result.error.code).toBe('FILE_NOT_FOUND');
    expect(existsSync(out())).toBe(false);
  });
});
