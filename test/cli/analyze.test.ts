import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { KAN } from '../../lib/nn';
import { readSafetensors, scope, type Tensor, tensor, writeSafetensors } from '../../lib/tensor';
import { fewSoundOfFewWeights } from '../analysis/few-sound-of-few-weights';
import { noise } from '../metrics/noise';
import { SAMPLE_RATE, writeRecording } from './recording-file';
import { type CliError, cli, cliJson } from './run-cli';

let folder: string;
let model: string;
let recording: string;

const weights = (shape: number[], seed: number): Tensor =>
  tensor(
    noise(
      shape.reduce((product, size) => product * size, 1),
      seed,
    ),
    { shape },
  );

async function saved(name: string, tensors: Record<string, Tensor>): Promise<string> {
  const path = join(folder, name);
  await writeSafetensors(path, tensors);
  return path;
}

/** A small network of two resolutions. */
const network = (name: string, seed: number) =>
  scope(() =>
    saved(name, {
      'conv1.branches.0.weight': weights([4, 1, 10], seed),
      'conv1.branches.1.weight': weights([4, 1, 40], seed + 1),
      'conv2.weight': weights([6, 8, 3], seed + 2),
      'dense.weight': weights([3, 6], seed + 3),
    }),
  );

const AT_RATE = ['--sample-rate', String(SAMPLE_RATE), '--bins', '16'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-analyze-'));
  model = await network('model.safetensors', 1);
  recording = await writeRecording(folder);
});
afterAll(() => rm(folder, { recursive: true }));

interface Geometry {
  readonly layers: readonly { readonly name: string; readonly [figure: string]: unknown }[];
}

describe('analyze geometry', () => {
  test('prints the figures of every layer', async () => {
    const { status, json } = await cliJson<Geometry>(['analyze', 'geometry', model]);
    expect(status).toBe(0);
    expect(json.layers.map(({ name }) => name)).toEqual(['conv1', 'conv2', 'dense']);
    for (const layer of json.layers) {
      for (const figure of ['A', 'B', 'betaAvg', 'betaMin', 'betaMse', 'mu', 'muAvg', 'muMse']) {
        expect(layer[figure]).toEqual(expect.any(Number));
      }
    }
  });

  test("has the paper's table, a row a metric and a column a layer, models side by side", async () => {
    const other = await network('other.safetensors', 9);
    const { stdout } = await cli(['analyze', 'geometry', model, '--layer-table']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^Metric +conv1 +conv2 +dense$/);
    expect(lines.slice(2, 5).map((line) => line.split(/ {2,}/)[0])).toEqual(['A', 'λ min+', 'B']);
    const both = await cli([
      'analyze',
      'geometry',
      model,
      other,
      '--layer-table',
      '--layer',
      'conv1',
    ]);
    expect(both.stdout.split('\n')[0]).toMatch(/^Metric +model conv1 +other conv1$/);
    // Models of one name are told apart by their folders.
    const run = join(folder, 'run-2', 'checkpoints');
    await mkdir(run, { recursive: true });
    await copyFile(other, join(run, 'model.safetensors'));
    const runs = await cli([
      ...['analyze', 'geometry', model, join(run, 'model.safetensors')],
      ...['--layer-table', '--layer', 'conv1'],
    ]);
    expect(runs.stdout.split('\n')[0]).toMatch(/ checkpoints conv1$/);
    const { json } = await cliJson<{ models: (Geometry & { model: string })[] }>([
      ...['analyze', 'geometry', model, other],
    ]);
    expect(json.models.map(({ model: file }) => file)).toEqual([model, other]);
  });

  test('knows the splines of a KAN and the encoder of a whole FewSound', async () => {
    const path = join(folder, 'kan.safetensors');
    using kan = new KAN({ layers: [4], encoding: 2, grid: 5, seed: 1 });
    await kan.save(path);
    const { json } = await cliJson<Geometry>(['analyze', 'geometry', path]);
    expect(json.layers.map(({ kind }) => kind)).toEqual(['spline', 'spline']);

    const whole = join(folder, 'fewsound.safetensors');
    using fewsound = fewSoundOfFewWeights();
    await fewsound.save(whole);
    const { stdout } = await cli([
      'analyze',
      'geometry',
      whole,
      '--layer',
      'encoder.first',
      'encoder.blocks.0',
    ]);
    expect(stdout).toMatch(/^encoder\.first\.conv +conv1d +7 × 4 /m);
    expect(stdout).toMatch(/pointwise\.conv ○/);
    expect(stdout).not.toMatch(/blocks\.1/);
    expect(stdout).toContain("○ a shortcut is added to the layer's output");
  });

  test('counts layers as they are described, and searches for gaps', async () => {
    const layers = join(folder, 'layers.json');
    const branches = [{ weight: 'conv2.weight', dilation: 2 }];
    await writeFile(layers, JSON.stringify([{ name: 'II', branches, residual: true }]));
    const { json } = await cliJson<Geometry>([
      'analyze',
      'geometry',
      model,
      '--layers',
      layers,
      '--gap',
    ]);
    expect(json.layers).toHaveLength(1);
    expect(json.layers[0]).toMatchObject({
      ...{ name: 'II', dimension: 40, residual: true },
      gap: { betaGap: 90, exact: true },
    });
  });

  test('says which atoms have no direction', async () => {
    const path = await scope(() =>
      saved('degenerate.safetensors', {
        'a.weight': tensor([
          [0, 0],
          [1, Number.NaN],
          [3, 4],
        ]),
      }),
    );
    const { status, stdout } = await cli(['analyze', 'geometry', path]);
    expect(status).toBe(0);
    expect(stdout).toContain('a: without a direction and left out: 1 of zeros, 1 not finite');
  });

  test('writes a report and its curves', async () => {
    const out = join(folder, 'geometry');
    const { json } = await cliJson<{ files: { report: string; curves: string[] } }>([
      ...['analyze', 'geometry', model, '--out', out],
    ]);
    const page = await readFile(json.files.report, 'utf8');
    for (const heading of ['Geometry of the layers', 'Eigenvalues and Babel functions']) {
      expect(page).toContain(`<h2>${heading}</h2>`);
    }
    expect(json.files.curves.map((path) => basename(path))).toEqual([
      'coherence.svg',
      'angles.svg',
      'bounds.svg',
    ]);
    for (const path of json.files.curves) {
      const svg = await readFile(path, 'utf8');
      expect(svg).toMatch(/^<svg xmlns=/);
      expect(svg).not.toContain('var(--');
    }
  });
});

describe('analyze spectra', () => {
  interface Spectra {
    readonly frequencies: readonly number[];
    readonly recordings: readonly Record<string, unknown>[];
    readonly classes?: readonly { label: string; count: number; mean: number[] }[];
    readonly differences?: readonly { name: string; crs: number[] }[];
    readonly files?: { report: string; spectra: string; crs: string; strs: string[] };
  }
  const spectra = (...argv: string[]) =>
    cliJson<Spectra>(['analyze', 'spectra', model, ...argv, ...AT_RATE]);

  test('gives the response of all banks to a recording', async () => {
    const { status, json } = await spectra(recording);
    expect(status).toBe(0);
    expect(json).toMatchObject({
      layers: [
        { name: 'conv1.branches.0', filters: 4, length: 10 },
        { name: 'conv1.branches.1', filters: 4, length: 40 },
      ],
      sampleRate: SAMPLE_RATE,
      recordings: [{ file: recording, frames: 600, crs: expect.any(Array) }],
    });
    expect(json.frequencies).toHaveLength(17);
    expect(json.recordings[0]?.crs).toHaveLength(17);
  });

  test('takes a folder for a class, or classes from names', async () => {
    const [a, b] = [join(folder, 'low'), join(folder, 'high')];
    await mkdir(a);
    await mkdir(b);
    await writeRecording(a, '1_x.wav');
    await writeRecording(a, '2_x.wav', 3000);
    await writeRecording(b, '1_y.wav');
    const { json } = await spectra(a, b);
    expect(json.classes?.map(({ label, count }) => [label, count])).toEqual([
      ['low', 2],
      ['high', 1],
    ]);
    const named = await spectra(a, b, '--class-by', '^(\\d)_', '--samples', '4000');
    expect(named.json.classes?.map(({ label, count }) => [label, count])).toEqual([
      ['1', 2],
      ['2', 1],
    ]);
    expect(named.json.recordings.map(({ frames }) => frames)).toEqual([400, 400, 400]);
    const unmatched = await spectra(a, '--class-by', 'z');
    expect(unmatched.json).toMatchObject({ error: { field: 'classBy' } });
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const { json: failed } = await spectra(empty);
    expect(failed).toMatchObject({
      error: { code: 'FILE_NOT_FOUND', message: expect.stringContaining('no audio file') },
    });
  });

  test('subtracts one recording from another, and one model from another', async () => {
    const longer = await writeRecording(folder, 'longer.wav', 7000);
    const same = await spectra(recording, longer, '--difference');
    expect(same.json.differences).toHaveLength(1);
    expect(same.json.differences?.[0]?.name).toBe('tones.wav minus longer.wav');
    const other = await network('against.safetensors', 5);
    const { json } = await spectra(recording, '--against', other);
    expect(json.differences?.[0]).toMatchObject({ name: 'tones.wav: model minus against' });
    const [own, theirs] = [
      json,
      (await cliJson<Spectra>(['analyze', 'spectra', other, recording, ...AT_RATE])).json,
    ];
    const crs = ({ recordings }: Spectra) => recordings[0]?.crs as number[];
    json.differences?.[0]?.crs.forEach((value, i) => {
      expect(value).toBeCloseTo((crs(own)[i] as number) - (crs(theirs)[i] as number), 6);
    });
    const { status } = await spectra(recording, '--difference');
    expect(status).toBe(2);
  });

  test('has a logarithmic axis, with constant-Q windows if they are asked for', async () => {
    const log = ['--axis', 'log', '--lowest', '100'];
    const { json } = await spectra(recording, ...log);
    expect(json.frequencies[0]).toBeCloseTo(100, 9);
    expect(json.frequencies.at(-1)).toBeCloseTo(SAMPLE_RATE / 2, 6);
    const windowed = await spectra(recording, ...log, '--quality', '4');
    expect(windowed.json.recordings[0]?.crs).not.toEqual(json.recordings[0]?.crs);
  });

  test('writes pictures, curves, numbers and a report', async () => {
    const out = join(folder, 'spectra');
    const { json } = await spectra(recording, '--against', model, '--out', out);
    const files = json.files as NonNullable<Spectra['files']>;
    expect((await readFile(files.strs[0] as string)).subarray(1, 4).toString()).toBe('PNG');
    expect(await readFile(files.crs, 'utf8')).toMatch(/^<svg xmlns=/);
    const page = await readFile(files.report, 'utf8');
    for (const heading of [
      'Response spectra over time',
      'Response surface',
      'Differences of response spectra',
    ]) {
      expect(page).toContain(`<h2>${heading}</h2>`);
    }
    await scope(async () => {
      const { tensors, metadata } = await readSafetensors(files.spectra);
      expect(tensors.get('strs.0')?.shape).toEqual([17, 600]);
      expect(tensors.get('crs')?.shape).toEqual([1, 17]);
      expect(JSON.parse(metadata.recordings as string)).toEqual(['tones.wav']);
      // The same model: no difference anywhere.
      expect(tensors.get('difference.0.strs')?.abs().max().item()).toBe(0);
    });
  });
});

describe('analyze wigner', () => {
  test('gives the contours of the strongest filters, and draws them', async () => {
    const out = join(folder, 'wigner');
    const { status, json } = await cliJson<{
      filters: { layer: string; grey: number; polygons: [number, number][][] }[];
      files: { report: string; contours: string[] };
    }>(['analyze', 'wigner', model, '--filters', '3', '--threshold', '0.5', '--out', out]);
    expect(status).toBe(0);
    expect(json.filters).toHaveLength(3);
    for (const { polygons } of json.filters) expect(polygons.length).toBeGreaterThan(0);
    expect(await readFile(json.files.report, 'utf8')).toContain('Filters over time and frequency');
    expect(existsSync(json.files.contours[0] as string)).toBe(true);
  });

  test('smooths over time and frequency', async () => {
    const argv = ['analyze', 'wigner', model, '--filters', '2'];
    const [plain, smooth] = [
      await cliJson(argv),
      await cliJson([...argv, '--lag-window', '9', '--time-window', '5']),
    ];
    expect(smooth.json.filters).not.toEqual(plain.json.filters);
    const { status, json } = await cliJson<CliError>([...argv, '--lag-window', '8']);
    expect({ status, message: json.error.message }).toEqual({
      status: 1,
      message: expect.stringContaining('odd'),
    });
  });
});

test.each(['geometry', 'wigner'])('Ctrl-C ends analyze %s with status 130', async (what) => {
  const out = join(folder, `interrupted-${what}`);
  const argv = ['analyze', what, model, '--out', out];
  const { status, json } = await cliJson<CliError>(argv, AbortSignal.abort());
  expect({ status, code: json.error.code }).toEqual({ status: 130, code: 'ABORTED' });
  expect(existsSync(out)).toBe(false);
});

describe('what cannot be analysed ends with a message that says what to do', () => {
  const failure = async (argv: readonly string[]) => {
    const { status, json } = await cliJson<CliError>(['analyze', ...argv]);
    return { status, ...json.error };
  };

  test('a model that hears nothing', async () => {
    const path = join(folder, 'deaf.safetensors');
    using kan = new KAN({ layers: [3], encoding: 2, seed: 1 });
    await kan.save(path);
    for (const argv of [
      ['spectra', path, recording],
      ['wigner', path],
    ]) {
      expect(await failure(argv)).toMatchObject({
        ...{ status: 1, code: 'INVALID_ARGUMENT' },
        message: expect.stringMatching(/^deaf: .*no convolution that reads a waveform/),
      });
    }
  });

  test('a filter longer than the recording', async () => {
    const short = await writeRecording(folder, 'short.wav', 30);
    expect(await failure(['spectra', model, short, ...AT_RATE])).toMatchObject({
      ...{ status: 1, code: 'SHAPE_MISMATCH' },
      message: expect.stringMatching(/short\.wav has 30 samples.*40/),
    });
    const { status } = await cliJson([
      'analyze',
      'spectra',
      model,
      short,
      ...AT_RATE,
      '--samples',
      '60',
    ]);
    expect(status).toBe(0);
  });

  test('a rate that nobody has said, and one that is not the model’s', async () => {
    expect(await failure(['spectra', model, recording])).toMatchObject({
      ...{ status: 1, code: 'INVALID_ARGUMENT', field: 'sampleRate' },
      message: expect.stringMatching(/tones\.wav is at 8000 Hz.*give --sample-rate/),
    });
    const path = join(folder, 'rate.safetensors');
    await scope(() =>
      writeSafetensors(path, { 'a.weight': weights([2, 1, 9], 3) }, { sampleRate: '8000' }),
    );
    expect(await failure(['spectra', path, recording, '--sample-rate', '16000'])).toMatchObject({
      ...{ status: 1, code: 'INVALID_ARGUMENT', field: 'sampleRate' },
      message: expect.stringContaining('trained at 8000 Hz'),
    });
  });

  test.each([
    ['malicious_reduce.pth', /posix\.system/],
    ['absent.pth', /no such file/],
  ])('%s', async (name, message) => {
    const path = join(__dirname, '..', 'tensor', 'torch-files', name);
    expect(await failure(['geometry', path])).toMatchObject({
      status: 1,
      message: expect.stringMatching(message),
    });
  });

  test('a checkpoint that is cut off, an empty file', async () => {
    const whole = await readFile(
      join(__dirname, '..', 'tensor', 'torch-files', 'checkpoint_2.pth'),
    );
    for (const bytes of [whole.subarray(0, whole.length / 2), new Uint8Array()]) {
      const path = join(folder, 'cut.pth');
      await writeFile(path, bytes);
      expect(await failure(['geometry', path])).toMatchObject({
        ...{ status: 1, code: 'FILE_FORMAT' },
        message: expect.stringContaining('cut.pth'),
      });
    }
  });

  test('a model of another architecture, a layer that is not there, no layer at all', async () => {
    expect(await failure(['geometry', model, '--model', 'inc-tssdnet'])).toMatchObject({
      message: expect.stringMatching(/^model: .*not that of an Inc-TSSDNet: it lacks/),
    });
    expect(await failure(['geometry', model, '--layer', 'conv9'])).toMatchObject({
      message: expect.stringMatching(/no layer "conv9".*conv1, conv2, dense/),
    });
    const path = await scope(() => saved('bias.safetensors', { bias: tensor([1, 2]) }));
    expect(await failure(['geometry', path])).toMatchObject({
      ...{ status: 1, message: expect.stringContaining('has no layer') },
    });
  });

  test.each([
    ['nothing to analyse', []],
    ['what there is not', ['spectrum', 'x']],
    ['spectra without a recording', ['spectra', 'x']],
    ['a pattern that is none', ['spectra', 'x', 'y', '--class-by', '(']],
  ])('a mistake in the call: %s', async (_, argv) => {
    expect(await failure(argv)).toMatchObject({ status: 2, code: 'USAGE' });
  });
});
