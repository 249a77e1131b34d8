import { join } from 'node:path';
import { prepareCorpus } from '../../lib/data';
import { metricNames } from '../../lib/metrics';
import { createHyperNetwork } from '../../lib/nn';
import { runFiles } from '../../lib/train';
import { type CliError, cli, cliJson } from './run-cli';
import { RATE, TINY_MODEL, TrainingPlace } from './tiny-training';

let place: TrainingPlace;
let run: string;
let trained: Record<string, unknown>;
beforeAll(async () => {
  place = await TrainingPlace.make();
  run = place.fresh();
  trained = (await cliJson(await place.argv(run))).json;
});
afterAll(() => place.remove());

interface Evaluation {
  readonly models: readonly {
    readonly name: string;
    readonly segments: number;
    readonly metrics: Record<string, { mean: number; deviation: number; segments: number }>;
  }[];
}

describe('fewsound evaluate', () => {
  test('measures what the validation measured, from the best model', async () => {
    const argv = ['evaluate', run, place.corpus, '--limit', '8'];
    const { status, json } = await cliJson<Evaluation>(argv);
    expect(status).toBe(0);
    expect(json).toMatchObject({ corpus: { folder: place.corpus, kind: 'folder' }, limit: 8 });
    const [model] = json.models as [Evaluation['models'][number]];
    expect(model).toMatchObject({ name: 'tiny', file: runFiles(run).best, segments: 3 });
    const { metrics } = trained.best as { metrics: Record<string, number> };
    expect(Object.keys(model.metrics)).toEqual([...metricNames]);
    // Segments of 40 ms are too short for PESQ.
    expect(model.metrics).toMatchObject({ pesq: { mean: null }, cdpam: { mean: null } });
    for (const name of metricNames.filter((each) => each !== 'pesq' && each !== 'cdpam')) {
      const [mean, expected] = [model.metrics[name]?.mean as number, metrics[name] as number];
      // The same weights in batches of another size: the last bits differ.
      expect(Math.abs(mean - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
      expect(model.metrics[name]?.deviation).toBeGreaterThanOrEqual(0);
    }
  });

  test('takes the other part and fewer segments', async () => {
    const { json } = await cliJson<Evaluation>([
      ...['evaluate', run, place.corpus, '--split', 'train', '--limit', '3'],
    ]);
    expect(json).toMatchObject({ split: 'train', models: [{ segments: 3 }] });
  });

  test("prints the paper's columns, a row a model, dashes for what is not measured", async () => {
    const argv = ['evaluate', run, runFiles(run).last, place.corpus, '--limit', '2'];
    const { stdout, stderr } = await cli(argv);
    expect(stdout).toMatch(/^Model +MSE ↓ +PSNR dB ↑ +LSD ↓ +SI-SNR dB ↑ +PESQ ↑ +STOI ↑ +CDPAM ↓/);
    expect(stdout).toMatch(/^tiny .*–/m);
    expect(stdout).toMatch(/^last .*–/m);
    expect(stdout).toContain('2 segments of the validation part');
    expect(stderr).toContain('2/2 segments');
    const markdown = await cli([...argv, '--format', 'markdown', '--quiet']);
    expect(markdown.stdout).toMatch(/^\| Model \| MSE ↓ \|/);
    expect(markdown.stderr).toBe('');
  });

  test('refuses a corpus of another rate', async () => {
    const out = place.fresh();
    await prepareCorpus({
      ...{ corpus: 'folder', folder: join(place.folder, 'audio'), out, workers: 0 },
      ...{ sampleRate: 4000, skipSeconds: 0, segmentSamples: 1500, validationFraction: 0.2 },
    });
    const { status, json } = await cliJson<CliError>(['evaluate', run, out]);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'sampleRate' });
    expect(json.error.message).toContain('--sample-rate 8000');
  });

  test.each([
    ['sampleRate', TINY_MODEL.samples, 2 * RATE],
    ['samples', 4096, RATE],
  ])('refuses before it measures a second model of other %s', async (field, samples, rate) => {
    const file = `${place.fresh()}.safetensors`;
    const { kind, ...options } = TINY_MODEL;
    using model = createHyperNetwork(kind, { ...options, samples });
    model.sampleRate = rate;
    await model.save(file);
    const argv = ['evaluate', run, file, place.corpus];
    const { status, json, stderr } = await cliJson<CliError>(argv);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field });
    expect(json.error.message).toContain(file);
    expect(stderr).not.toContain('segments');
  });

  test.each<[string, () => string[], number, RegExp]>([
    ['no corpus', () => ['evaluate', run], 2, /RUN\.\.\. CORPUS/],
    ['a corpus that is none', () => ['evaluate', run, run], 1, /not a prepared corpus/],
    ['a run that is none', () => ['evaluate', '/nowhere', place.corpus], 1, /nowhere/],
    ['no segments', () => ['evaluate', run, place.corpus, '--limit', '0'], 2, /--limit/],
    ['an unknown part', () => ['evaluate', run, place.corpus, '--split', 'test'], 2, /test/],
  ])('refuses %s', async (_, argv, status, message) => {
    const found = await cliJson<CliError>(argv());
    expect(found.status).toBe(status);
    expect(found.json.error.message).toMatch(message);
  });

  test('Ctrl-C ends it with status 130', async () => {
    const argv = ['evaluate', run, place.corpus];
    expect((await cliJson<CliError>(argv, AbortSignal.abort())).status).toBe(130);
  });
});
