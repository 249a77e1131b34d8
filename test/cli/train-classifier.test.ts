import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readClassifierConfig } from '../../lib/cli/runs/train-config';
import { createClassifier, loadClassifier } from '../../lib/nn';
import { readMetricsLog, runFiles } from '../../lib/train';
import { writeClassFolders } from '../data/made-up-classes';
import { RATE, writeFiles } from '../data/made-up-corpus';
import { temporaryFolder } from '../nn/temporary-folder';
import { smallModelOptions, smallTraining } from '../train/small-classes';
import { lossesOf } from '../train/tiny-training';
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

const report = (out: string) => readFile(runFiles(out).report, 'utf8');

/** Titles of the sections of a report, in the order of the page. */
const sections = (text: string) =>
  [...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title = '']) => title);

const everySection = [
  'Confusion of the classes',
  'Course of the training',
  'Validations',
  'Geometry of the layers',
  'Settings',
];

/** Stops a training as Ctrl-C does once it has a checkpoint, or is as far as is asked. */
async function interrupted(
  args: readonly string[],
  out: string,
  isFarEnough = () => existsSync(runFiles(out).last),
) {
  const controller = new AbortController();
  const watch = setInterval(() => {
    if (isFarEnough()) controller.abort();
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
      files: {
        model: runFiles(out).best,
        test: runFiles(out).test,
        report: runFiles(out).report,
      },
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
      'report.html',
      'test.json',
    ]);
    using model = await loadClassifier(runFiles(out).best);
    expect(model.input?.labels).toEqual(['high', 'low', 'middle']);
  });

  test('writes a report about the test part, the course and the geometry', async () => {
    const out = fresh();
    const { json } = await cliJson<{ test: { accuracy: number }; best: { step: number } }>(
      await argv(out, { comment: 'three <pitches>' }),
    );
    const text = await report(out);
    expect(sections(text)).toEqual(everySection);
    expect(text).toContain('<h1>small</h1>');
    expect(text).toContain('12 steps in 4 epochs');
    expect(text).toContain(`<dd>${(100 * json.test.accuracy).toFixed(2)}<small>%</small></dd>`);
    expect(text).toContain('Confusion matrix of 3 classes');
    expect(text).toMatch(
      new RegExp(`<tr class="kept"><th scope="row">${json.best.step / 3} <span class="tag">best`),
    );
    expect(text).toContain('<th scope="colgroup" colspan="2" style="text-align:center">Before');
    expect(text).toContain('After epoch 4');
    expect(text).toMatch(/Change of Average angle .* layers\.0 from 0.* layers\.1 from 0/);
    for (const title of ['About', 'Model', 'Recordings', 'Training', 'Machine', 'Versions']) {
      expect(text).toContain(`<h3>${title}</h3>`);
    }
    expect(text).toContain('<td>three &lt;pitches&gt;</td>');
    expect(text).toContain('<th scope="row">threads</th><td>1</td>');
    expect(text).not.toMatch(/\[object|NaN|undefined/);
  });

  test('has the geometry of convolutions alone, and none where no weights are kept', async () => {
    const [all, none] = [fresh(), fresh()];
    const training = { ...smallTraining, epochs: 1 };
    await cliJson(await argv(all, { training: { ...training, epochWeights: 'all' } }));
    const text = await report(all);
    expect(text).toContain('layers.0');
    expect(text.match(/<th scope="colgroup" colspan="2"/g)).toHaveLength(2);
    await cliJson(await argv(none, { training: { ...training, epochWeights: 'none' } }));
    expect(sections(await report(none))).toEqual(
      everySection.filter((title) => title !== 'Geometry of the layers'),
    );
  });

  test('counts the layers of a TSSDNet as the paper does', async () => {
    const out = fresh();
    const model = { kind: 'inc-tssdnet', samples: 640 };
    await cliJson(await argv(out, { model, training: { ...smallTraining, epochs: 1 } }));
    const text = await report(out);
    const head = [...text.matchAll(/<th scope="col" class="number">([IV]+)<\/th>/g)];
    expect(head.map(([, name]) => name)).toEqual([
      'I',
      'II',
      'III',
      'IV',
      'V',
      'I',
      'II',
      'III',
      'IV',
      'V',
    ]);
  });

  test('says what diverged, with a report of what there was before', async () => {
    const out = fresh();
    const training = { ...smallTraining, learningRate: 1e30 };
    const { status, json } = await cliJson<CliError>(await argv(out, { training }));
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'DIVERGED', field: 'learningRate' });
    expect(json.error.message).toMatch(
      new RegExp(`Lower learningRate.*\\. Its report so far: ${runFiles(out).report}$`),
    );
    const text = await report(out);
    expect(text).toContain('The training was to have 12 steps');
    expect(text).not.toContain('Confusion');
    expect(text).not.toContain('NaN');
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
    const losses = async (out: string) => lossesOf(await readMetricsLog(runFiles(out).metrics));
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
      new RegExp(
        `after step \\d+\\. To resume: fewsound train-classifier --resume ${out}\\. Its report so far: ${runFiles(out).report}$`,
      ),
    );
    const soFar = await report(out);
    expect(soFar).toContain('The training was to have 36 steps');
    expect(soFar).toContain('The test part is judged when a training has come to its end.');
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
    expect(sections(await report(out))).toEqual(everySection);
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
      // The place is kept as soon as it trains.
      const kept = () => readFileSync(join(out, 'classifier.json'), 'utf8').includes(at('moved'));
      expect((await interrupted(moved, out, kept)).status).toBe(130);
      expect((await cliJson(['train-classifier', '--resume', out])).status).toBe(0);
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
    ['an unknown field', { dta: {} }, 'dta', /expected version, name, comment, model, data/],
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
    expect(empty.json.error.message).toMatch(/subfolder a/);
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
      const of = data.kind === 'spoken-digits' ? `${data.task}s` : '(speech-commands|librispeech)';
      expect(name).toMatch(new RegExp(`^${kind.replace(/-cnn$/, '')}-${of}\\.json$`));
      expect(training.epochs).toBeGreaterThan(0);
      expect(readFileSync(path, 'utf8')).toMatch(/comment/);
    });
  },
);
