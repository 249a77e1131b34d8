import { listClasses } from '../../lib/data';
import { KAN, SegmentalCnn } from '../../lib/nn';
import { PITCHES, pitch, writeClassFolders } from '../data/made-up-classes';
import { RATE, wav, writeFiles } from '../data/made-up-corpus';
import { temporaryFolder } from '../nn/temporary-folder';
import { smallModelOptions } from '../train/small-classes';
import { type CliError, cli, cliJson } from './run-cli';

const at = temporaryFolder();
const model = () => at('model.safetensors');

beforeAll(async () => {
  await writeClassFolders(at('sounds'), 12);
  const { labels } = await listClasses({ kind: 'folders', folder: at('sounds') });
  using made = new SegmentalCnn(smallModelOptions);
  made.input = { sampleRate: RATE, normalize: true, place: 'center', labels };
  await made.save(model());
});

const classify = (...more: string[]) => [
  'analyze',
  'classify',
  model(),
  at('sounds'),
  '--samples',
  '640',
  '--stride',
  '5',
  '--bins',
  '32',
  ...more,
];

interface Classified {
  readonly classes: { label: string; recordings: number }[];
  readonly accuracy: { mean: number; deviation: number; folds: number[] };
  readonly eer: { mean: number } | null;
  readonly recordings: { file: string; class: string; takenFor: string; fold: number }[];
}

describe('fewsound analyze classify', () => {
  test('says how well the responses of the first layer tell classes apart', async () => {
    const { status, json } = await cliJson<Classified>(classify());
    expect(status).toBe(0);
    expect(json).toMatchObject({
      model: model(),
      folder: at('sounds'),
      layers: ['layers.0.branches.0'],
      sampleRate: RATE,
      folds: 5,
      degree: 3,
      classes: [
        { label: 'high', recordings: 12 },
        { label: 'low', recordings: 12 },
        { label: 'middle', recordings: 12 },
      ],
      eer: null,
    });
    expect(json.accuracy.mean).toBeGreaterThan(0.9);
    expect(json.accuracy.folds).toHaveLength(5);
    expect(json.recordings).toHaveLength(36);
    const right = json.recordings.filter((one) => one.class === one.takenFor).length;
    expect(right / 36).toBeGreaterThan(0.9);
    expect((await cliJson(classify())).json).toEqual(json);
  });

  test('prints a table, accuracy and deviation', async () => {
    const { stdout, stderr } = await cli(classify('--folds', '3'));
    expect(stdout).toMatch(/^is \\ taken for\s+high\s+low\s+middle$/m);
    expect(stdout).toMatch(/^accuracy \d\.\d{3} ± \d\.\d{3}, over 3 folds$/m);
    expect(stderr).toMatch(/folds 3\/3/);
    expect((await cli(classify('--quiet'))).stderr).toBe('');
  });

  test('reads an ASVspoof protocol, with the equal error rate', async () => {
    const lines = Array.from({ length: 12 }, (_, i) => [
      `LA_1 low${i} - - bonafide`,
      `LA_1 high${i} - A0${1 + (i % 2)} spoof`,
    ]).flat();
    await writeFiles(at('spoof'), {
      'protocol.txt': `${lines.join('\n')}\n`,
      ...Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [
          [`flac/low${i}.wav`, wav(pitch(PITCHES.low, i))],
          [`flac/high${i}.wav`, wav(pitch(PITCHES.high, i))],
        ]).flat(),
      ),
    });
    const [command, what, name, , ...rest] = classify('--protocol', at('spoof/protocol.txt'));
    const argv = [command, what, name, at('spoof'), ...rest] as string[];
    const { json } = await cliJson<Classified>(argv);
    expect(json.classes).toEqual([
      { label: 'bonafide', recordings: 12 },
      { label: 'spoof', recordings: 12 },
    ]);
    expect(json.eer?.mean).toBeLessThan(0.2);
    const one = await cliJson<Classified>([...argv, '--attacks', 'A01', '--limit', '5']);
    expect(one.json.classes.map(({ recordings }) => recordings)).toEqual([5, 5]);
  });

  test('limits the recordings of a class, the same ones for the same seed', async () => {
    const files = async (seed: string) => {
      const argv = classify('--limit', '6', '--folds', '2', '--seed', seed);
      return (await cliJson<Classified>(argv)).json.recordings.map(({ file }) => file);
    };
    expect(await files('1')).toHaveLength(18);
    expect(await files('1')).toEqual(await files('1'));
    expect(await files('1')).not.toEqual(await files('2'));
  });

  test('says that a class has too few recordings before it reads one', async () => {
    const damaged = (name: string) => [1, 2, 3].map((i) => [`${name}/${i}.wav`, 'not audio']);
    await writeFiles(at('few'), Object.fromEntries([...damaged('a'), ...damaged('b')]));
    const [command, what, name, , ...rest] = classify();
    const few = await cliJson<CliError>([command, what, name, at('few'), ...rest] as string[]);
    expect(few.json.error.message).toMatch(/class a has 3 recording/);
  });

  test.each<[string, () => string[], number, string, RegExp]>([
    [
      'more folds than recordings',
      () => classify('--folds', '13'),
      1,
      'INVALID_ARGUMENT',
      /has 12 recording/,
    ],
    [
      'an attack without a protocol',
      () => classify('--attacks', 'A01'),
      2,
      'USAGE',
      /--protocol FILE/,
    ],
    [
      'a protocol that is not there',
      () => classify('--protocol', at('none.txt')),
      1,
      'FILE_NOT_FOUND',
      /protocol: .*none\.txt cannot be read/,
    ],
    [
      'recordings shorter than the filters',
      () => classify('--samples', '20'),
      1,
      'SHAPE_MISMATCH',
      /of the longest filter/,
    ],
    [
      'another rate',
      () => classify('--sample-rate', '16000'),
      1,
      'INVALID_ARGUMENT',
      /was trained at 8000 Hz/,
    ],
  ])('refuses %s', async (_, argv, status, code, message) => {
    const run = await cliJson<CliError>(argv());
    expect(run.status).toBe(status);
    expect(run.json.error.code).toBe(code);
    expect(run.json.error.message).toMatch(message);
  });

  test('refuses one class only, and a model that hears nothing', async () => {
    await writeFiles(at('one'), { 'a/1.wav': wav(new Float32Array(700).fill(0.1)) });
    const [command, what, name, , ...rest] = classify();
    const one = await cliJson<CliError>([command, what, name, at('one'), ...rest] as string[]);
    expect(one.json.error.message).toMatch(/only one class, a/);
    using kan = new KAN({ layers: [3] });
    await kan.save(at('kan.safetensors'));
    const deaf = await cliJson<CliError>([
      'analyze',
      'classify',
      at('kan.safetensors'),
      at('sounds'),
    ]);
    expect(deaf.json.error.message).toMatch(/no convolution that reads a waveform/);
  });
});
