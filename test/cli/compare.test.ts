import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRecording } from './recording-file';
import { type CliError, cli, cliJson } from './run-cli';

let folder: string;
let recording: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-compare-'));
  recording = await writeRecording(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const FEW = ['--samples', '3000', '--layers', '6,6', '--steps', '3'];
const SMALL = [...FEW, '--threads', '1'];

describe('fewsound compare', () => {
  test('fits each network with the same steps and writes one report', async () => {
    const out = join(folder, 'out');
    const { status, json } = await cliJson<{
      models: { model: string; steps: number; metrics: Record<string, number>; options: object }[];
      files: Record<string, string>;
    }>(['compare', recording, '--models', 'kan,siren', '--grid', '3', ...SMALL, '--out', out]);
    expect(status).toBe(0);
    expect(json.models.map(({ model, steps }) => [model, steps])).toEqual([
      ['kan', 3],
      ['siren', 3],
    ]);
    expect(json.models[0]?.options).toMatchObject({ grid: 3, layers: [6, 6] });
    expect(json.models[1]?.options).toMatchObject({ layers: [6, 6] });
    const names = ['config.json', 'kan.safetensors', 'kan.wav', 'metrics.json', 'original.wav'];
    names.push('report.html', 'siren.safetensors', 'siren.wav');
    expect((await readdir(out)).sort()).toEqual(names);
    const report = await readFile(json.files.report as string, 'utf8');
    expect(report).toContain('<h1>tones.wav in 2 networks</h1>');
  });

  test('compares recipes, a row for each, beside other networks', async () => {
    const out = join(folder, 'recipes');
    const { json } = await cliJson<{
      models: { model: string; recipe?: object; steps: number; parameters: number }[];
      yardstick: { numbers: number; metrics: Record<string, number> };
      files: Record<string, string>;
    }>([
      ...['compare', recording, '--models', 'kan,nerf,finer', '--recipes', 'paper,quick', ...SMALL],
      ...['--out', out],
    ]);
    expect(json.models.map(({ model }) => model)).toEqual([
      ...['kan-paper', 'kan-quick', 'nerf', 'finer-paper', 'finer-quick'],
    ]);
    expect(json.models[1]).toMatchObject({
      recipe: { name: 'quick', version: expect.any(Number) },
      steps: 3,
    });
    expect(json.models[1]?.parameters).not.toBe(json.models[0]?.parameters);
    const most = Math.max(...json.models.map(({ parameters }) => parameters));
    expect(json.yardstick.numbers).toBe(most - (most % 2));
    // Two tones need few numbers.
    expect(json.yardstick.metrics.siSnr).toBeGreaterThan(25);
    const report = await readFile(json.files.report as string, 'utf8');
    expect(report).toContain('KAN quick');
    expect(report).toContain('MDCT is no network');
  });

  test('knows recipes of networks that have some', async () => {
    const { status } = await cli(['compare', recording, '--models', 'nerf', '--recipes', 'quick']);
    expect(status).toBe(2);
    // It has wider networks in turn, which are no row of a table.
    const wider = await cli(['compare', recording, '--recipes', 'transparent']);
    expect(wider).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('paper, quick, best'),
    });
  });

  test('prints one table with a row for each network', async () => {
    const argv = ['compare', recording, '--models', 'nerf,rff', ...SMALL, '--quiet'];
    const { stdout, stderr } = await cli([...argv, '--out', join(folder, 'table')]);
    expect(stdout).toMatch(/^NeRF .*\n^RFF .*\n/m);
    expect(stderr).toBe('');
  });

  test('makes a table of means and deviations over a folder of recordings', async () => {
    const clips = join(folder, 'clips');
    await mkdir(clips);
    await writeRecording(clips);
    await copyFile(join(clips, 'tones.wav'), join(clips, 'more.wav'));
    const out = join(folder, 'many');
    const { status, json } = await cliJson<{
      recordings: number;
      models: { model: string; metrics: Record<string, { mean: number; deviation: number }> }[];
      files: Record<string, string>;
    }>(['compare', clips, '--models', 'kan,nerf', '--grid', '3', ...SMALL, '--out', out]);
    expect(status).toBe(0);
    expect(json.recordings).toBe(2);
    expect(json.models.map(({ model }) => model)).toEqual(['kan', 'nerf']);
    // Two copies of one recording.
    expect(json.models[0]?.metrics.mse?.deviation).toBe(0);
    expect((await readdir(out)).sort()).toEqual(['config.json', 'metrics.json', 'table.md']);
    const table = await readFile(json.files.table as string, 'utf8');
    expect(table).toMatch(
      /^\| Network \(parameters\) \| MSE ↓ \| PSNR dB ↑ \| LSD ↓ \|.* CDPAM ↓ \|$/m,
    );
    expect(table).toMatch(/^\| KAN \([\d,]+\) \| .* ± /m);
    expect(table).toMatch(/^\| MDCT \([\d,]+\) \| .* ± /m);
    expect(table).toMatch(/over 2 recordings of 3,000 samples, 3 steps each/);
  });

  test('of a folder goes on where a fit diverges, and says so', async () => {
    const clips = join(folder, 'diverging');
    await mkdir(clips);
    await writeRecording(clips);
    await writeRecording(clips, 'wave.wav');
    const { status, json } = await cliJson<{
      failures: string[];
      models: { model: string }[];
      files: Record<string, string>;
    }>([
      ...['compare', clips, '--models', 'nerf,rff', '--sigma', '1e38', ...SMALL],
      ...['--out', join(folder, 'diverged')],
    ]);
    expect(status).toBe(1);
    expect(json.models.map(({ model }) => model)).toEqual(['nerf']);
    expect(json.failures).toEqual([
      expect.stringMatching(/^RFF, tones\.wav: /),
      expect.stringMatching(/^RFF, wave\.wav: /),
    ]);
  });

  test('of a folder refuses a recording of another length', async () => {
    const clips = join(folder, 'short');
    await mkdir(clips);
    await writeRecording(clips);
    await writeRecording(clips, 'short.wav', 2000);
    const out = join(folder, 'not-compared');
    const argv = ['compare', clips, '--models', 'nerf', ...SMALL, '--out', out];
    const { json } = await cliJson<CliError>(argv);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'samples' });
    expect(existsSync(out)).toBe(false);
  });

  test("has a recipe's frequencies for the length of the clip", async () => {
    const { json } = await cliJson<{ models: { options: { encodingFrequencies: number[] } }[] }>([
      ...['compare', recording, '--recipes', 'quick', '--steps', '1', '--threads', '1'],
      ...['--out', join(folder, 'short-clip')],
    ]);
    // It has 6,000 samples, and not the 32,768 of --samples.
    expect(json.models[0]?.options.encodingFrequencies.at(-1)).toBe(1500);
  });

  test('goes on with an interrupted comparison of a folder, and with no other', async () => {
    const clips = join(folder, 'resumed');
    await mkdir(clips);
    await writeRecording(clips);
    const broken = join(clips, 'wave.wav');
    await copyFile(join(clips, 'tones.wav'), broken);
    const out = join(folder, 'interrupted');
    // No threads are given, and a file has nothing for what is not given.
    const argv = ['compare', clips, '--models', 'kan,nerf', '--grid', '3', ...FEW, '--out', out];
    const whole = await cliJson<{ models: unknown[] }>([
      ...argv.slice(0, -1),
      join(folder, 'whole'),
    ]);

    // As an interruption leaves it: the results of the first network, and no table yet.
    const { results } = JSON.parse(
      await readFile(join(folder, 'whole', 'metrics.json'), 'utf8'),
    ) as { results: { model: string }[] };
    const config = JSON.parse(await readFile(join(folder, 'whole', 'config.json'), 'utf8'));
    // An older fewsound had fewer flags.
    const { betas: _, epsilon: __, ...training } = config.training;
    const kept = results
      .filter(({ model }) => model === 'kan')
      .map((each) => ({ ...each, loss: 7 }));
    await mkdir(out);
    const unfinished = join(out, 'unfinished.json');
    await writeFile(
      unfinished,
      JSON.stringify({
        config: {
          ...{ folder: config.folder, recording: config.recording, training },
          models: [
            ['kan', { grid: 3, layers: [6, 6] }],
            ['nerf', { layers: [6, 6] }],
          ],
          recordings: ['tones.wav', 'wave.wav'],
        },
        results: kept,
      }),
    );
    const again = await cliJson<{ error: { message: string } }>(argv);
    expect(again.status).toBe(1);
    expect(again.json.error.message).toMatch(/interrupted comparison.*--resume/);
    const other = await cliJson<{ error: { message: string } }>([
      ...argv.map((each, i) => (argv[i - 1] === '--steps' ? '4' : each)),
      '--resume',
    ]);
    expect(other.status).toBe(1);
    expect(other.json.error.message).toMatch(/another training/);

    const resumed = await cliJson<{ models: object[] }>([...argv, '--resume']);
    expect(resumed.status).toBe(0);
    expect(existsSync(unfinished)).toBe(false);
    const found = JSON.parse(
      await readFile(join(out, 'metrics.json'), 'utf8'),
    ) as typeof whole.json & {
      results: { model: string; loss: number; metrics: object }[];
    };
    // What was there was not computed again; what was not is as without an interruption.
    expect(found.results.map(({ loss }) => loss).slice(0, 2)).toEqual([7, 7]);
    expect(found.results.slice(2).map(({ metrics }) => metrics)).toEqual(
      results.slice(2).map((each) => (each as unknown as { metrics: object }).metrics),
    );
    const none = await cliJson<{ error: { message: string } }>([...argv, '--resume']);
    expect(none.json.error.message).toMatch(/no interrupted comparison/);
  });

  test('finds a mistake in the last network before it trains the first', async () => {
    const out = join(folder, 'never');
    const argv = ['compare', recording, '--models', 'kan,siren', '--omega0', 'NaN', '--out', out];
    const { status, stderr } = await cliJson(argv);
    expect(status).toBe(1);
    expect(stderr).toBe('');
    expect(existsSync(out)).toBe(false);
  });

  test('finds that its folder cannot be made before it trains the first', async () => {
    const argv = [
      'compare',
      recording,
      '--models',
      'nerf',
      '--steps',
      '100000',
      '--out',
      recording,
    ];
    const { json } = await cliJson<{ error: { code: string } }>(argv);
    expect(json.error.code).toBe('IO');
  });
});
