import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readClassifierConfig } from '../../lib/cli/classifier-config';
import { createClassifier, loadClassifier } from '../../lib/nn';
import { readMetricsLog, runFiles } from '../../lib/train';
import { writeClassFolders } from '../data/made-up-classes';
import { RATE, writeFiles } from '../data/made-up-corpus';
import { temporaryFolder } from '../nn/temporary-folder';
import { smallModelOptions, smallTraining } from '../train/small-classes';
import { type CliError, cli, cliJson } from './run-cli';

const at = temporaryFolder();
beforeAll(() => writeClassFolders(at('sounds')));

let count = 0;
const fresh = () => at(`out-${count++}`);

/** Writes a configuration: the small one with some parts replaced, or any text. */
async function config(parts: Readonly<Record<string, unknown>> | string = {}): Promise<string> {
  const path = at(`config-${count++}.json`);
  const { classes: _, ...model } = smallModelOptions;
  const whole = {
    name: 'small',
    model: { kind: 'segmental-cnn', ...model },
    data: { kind: 'folders', folder: at('sounds') },
    clips: { sampleRate: RATE },
    training: smallTraining,
  };
  await writeFile(path, typeof parts === 'string' ? parts : JSON.stringify({ ...whole, ...parts }));
  return path;
}

const argv = async (out: string, parts: Readonly<Record<string, unknown>> = {}) => [
  'train-classifier',
  await config(parts),
  '--out',
  out,
  '--device',
  'cpu',
];

/** Stops a training as Ctrl-C does once it has a checkpoint. */
async function interrupted(args: readonly string[], out: string) {
  const controller = new AbortController();
  const watch = setInterval(() => {
    if (existsSync(runFiles(out).last)) controller.abort();
  }, 1);
  try {
    return await cliJson<CliError>(args, controller.signal);
  } finally {
    clearInterval(watch);
  }
}

describe('fewsound train-classifier', () => {
  test('writes a run and says how well classes are told apart', async () => {
    const out = fresh();
    const { status, json } = await cliJson(await argv(out));
    expect(status).toBe(0);
    expect(json).toMatchObject({
      run: out,
      name: 'small',
      model: 'segmental-cnn',
      parameters: expect.any(Number),
      recordings: { train: 36, validation: 12, test: 12 },
      epochs: 4,
      steps: 12,
      loss: expect.any(Number),
      best: { step: expect.any(Number), loss: expect.any(Number), accuracy: expect.any(Number) },
      test: {
        recordings: 12,
        accuracy: expect.any(Number),
        confusion: { labels: ['high', 'low', 'middle'] },
      },
      device: 'cpu',
      files: { model: runFiles(out).best, test: runFiles(out).test },
    });
    expect(
      readdirSync(out)
        .filter((name) => !/^events/.test(name))
        .sort(),
    ).toEqual([
      'checkpoints',
      'classifier.json',
      'config.json',
      'epochs',
      'metrics.jsonl',
      'test.json',
    ]);
    using model = await loadClassifier(runFiles(out).best);
    expect(model.listening?.labels).toEqual(['high', 'low', 'middle']);
  });

  test('shows a line for each validation, and the confusion matrix at the end', async () => {
    const { status, stdout, stderr } = await cli(await argv(fresh()));
    expect(status).toBe(0);
    expect(stderr).toMatch(/segmental-cnn: \S+ parameters, 36 recordings of 3 classes/);
    expect(stderr.match(/^validation after epoch \d {2}accuracy \d.* % {2}loss /gm)).toHaveLength(
      4,
    );
    expect(stdout).toMatch(/^is \\ taken for\s+high\s+low\s+middle$/m);
    expect(stdout).toMatch(/^accuracy \d.* % on 12 recordings that training never heard/m);
    const quiet = await cli([...(await argv(fresh())), '--quiet']);
    expect(quiet.stderr).toBe('');
  });

  test('keeps a configuration that gives the same training again', async () => {
    const [first, second] = [fresh(), fresh()];
    const { seed: _, classes: __, ...model } = smallModelOptions;
    await cliJson(await argv(first, { model: { kind: 'segmental-cnn', ...model } }));
    const again = ['train-classifier', join(first, 'classifier.json'), '--out', second];
    expect((await cliJson([...again, '--device', 'cpu'])).status).toBe(0);
    const losses = async (out: string) =>
      (await readMetricsLog(runFiles(out).metrics)).map(({ loss }) => loss);
    expect(await losses(second)).toEqual(await losses(first));
  });

  test('takes folder and epochs from the command line', async () => {
    const args = await argv(fresh(), { data: { kind: 'folders', folder: '/nowhere' } });
    const { json } = await cliJson([...args, '--folder', at('sounds'), '--epochs', '1']);
    expect(json).toMatchObject({ epochs: 1, steps: 3 });
  });

  test('goes on from Ctrl-C to what an uninterrupted training comes to', async () => {
    const parts = { training: { ...smallTraining, epochs: 12 } };
    const [whole, out] = [fresh(), fresh()];
    const expected = await cliJson(await argv(whole, parts));
    const stopped = await interrupted(await argv(out, parts), out);
    expect(stopped.status).toBe(130);
    expect(stopped.json.error).toMatchObject({ code: 'ABORTED' });
    expect(stopped.json.error.message).toMatch(
      new RegExp(`after step \\d+\\. To go on: fewsound train-classifier --resume ${out}`),
    );
    const { status, json } = await cliJson([
      'train-classifier',
      '--resume',
      out,
      '--device',
      'cpu',
    ]);
    expect(status).toBe(0);
    const { run: _, seconds: __, files: ___, ...same } = expected.json;
    expect(json).toMatchObject(same);
  });

  test('goes on where the recordings have moved, and refuses others', async () => {
    const out = fresh();
    await interrupted(await argv(out, { training: { ...smallTraining, epochs: 50 } }), out);
    await rename(at('sounds'), at('moved'));
    try {
      const lost = await cliJson<CliError>(['train-classifier', '--resume', out]);
      expect(lost.json.error).toMatchObject({ code: 'FILE_NOT_FOUND' });
      const moved = [
        'train-classifier',
        '--resume',
        out,
        '--folder',
        at('moved'),
        '--epochs',
        '50',
      ];
      expect((await cliJson(moved)).status).toBe(0);
    } finally {
      await rename(at('moved'), at('sounds'));
    }
    await writeClassFolders(at('fewer'), 18);
    const other = ['train-classifier', '--resume', out, '--folder', at('fewer')];
    expect((await cliJson<CliError>(other)).json.error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'clips',
    });
  });
});

describe('fewsound train-classifier refuses', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
    ['an unknown field', { dta: {} }, 'dta', /expected name, comment, model, data/],
    ['an unknown kind', { model: { kind: 'vgg' } }, 'model.kind', /'segmental-cnn'/],
    [
      'an unknown option of the model',
      { model: { kind: 'inc-tssdnet', samples: 640, grid: 3 } },
      'model.grid',
      /, model: .*grid is 3/,
    ],
    [
      'an unknown option of the training',
      { training: { steps: 3 } },
      'training.steps',
      /There is no such option/,
    ],
    [
      'a bad value for the training',
      { training: { ...smallTraining, learningRate: -1 } },
      'training.learningRate',
      /, training: .*learningRate is -1/,
    ],
    [
      'a shift that is none',
      { training: { ...smallTraining, shift: -1 } },
      'training.shift',
      /shift is -1/,
    ],
    [
      'a model of other classes',
      { model: { kind: 'inc-tssdnet', samples: 640, classes: 4 } },
      'training.classes',
      /give the model classes: 3/,
    ],
  ])('%s', async (_, parts, field, message) => {
    const out = fresh();
    const { status, json } = await cliJson<CliError>(await argv(out, parts));
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field });
    expect(json.error.message).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });

  test('an empty class, and a recording that is none', async () => {
    await writeFiles(at('empty'), { 'a/notes.txt': '', 'b/notes.txt': '' });
    const out = fresh();
    const empty = await cliJson<CliError>([...(await argv(out)), '--folder', at('empty')]);
    expect(empty.json.error).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(empty.json.error.message).toMatch(/the sub-folder a holds no recording/);
    await writeClassFolders(at('broken'), 4);
    await writeFiles(at('broken'), { 'low/0.wav': 'no wave' });
    const broken = await cliJson<CliError>([...(await argv(out)), '--folder', at('broken')]);
    expect(broken.status).toBe(1);
    expect(broken.json.error.message).toMatch(/0\.wav/);
    expect(existsSync(out)).toBe(false);
  });

  test('a file that is no configuration, and calls that make no sense', async () => {
    const text = await config('{ "model": ');
    const { json } = await cliJson<CliError>(['train-classifier', text]);
    expect(json.error.code).toBe('FILE_FORMAT');
    for (const args of [[], ['--resume', at('x'), '--out', at('y')], [text, '--resume', at('x')]]) {
      const { status } = await cliJson<CliError>(['train-classifier', ...args]);
      expect(status).toBe(2);
    }
    const nowhere = await cliJson<CliError>(['train-classifier', '--resume', at('nowhere')]);
    expect(nowhere.json.error.code).toBe('FILE_NOT_FOUND');
  });

  test('a folder that holds a run', async () => {
    const out = fresh();
    await cliJson(await argv(out));
    const before = await readFile(join(out, 'classifier.json'));
    const { json } = await cliJson<CliError>(await argv(out));
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'out' });
    expect(await readFile(join(out, 'classifier.json'))).toEqual(before);
  });
});

const folder = join(__dirname, '..', '..', 'configs', 'classifiers');
describe.each(readdirSync(folder).filter((name) => name.endsWith('.json')))(
  'configs/classifiers/%s',
  (name) => {
    test('has options that the model takes', async () => {
      const path = join(folder, name);
      const { model, data, training } = await readClassifierConfig(path, '', {});
      const { kind, ...options } = model;
      using made = createClassifier(kind, { ...options, hidden: 8, classes: 3 } as object);
      expect(made.samples).toBe(16_000);
      expect(name).toBe(
        `${kind.replace(/-cnn$/, '')}-${data.kind === 'spoken-digits' ? data.task : ''}s.json`,
      );
      expect(training.epochs).toBeGreaterThan(0);
      expect(readFileSync(path, 'utf8')).toMatch(/comment/);
    });
  },
);
