import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readTrainConfig, type TrainConfig } from '../../lib/cli/runs/train-config';
import { openCorpus } from '../../lib/data';
import {
  createHyperNetwork,
  createInr,
  type EncoderOptions,
  type TargetOptions,
} from '../../lib/nn';
import { kindSchema, parseOptions } from '../../lib/options';
import { formatCount } from '../../lib/report/text-table';
import { setUpTraining } from '../../lib/train/train-options';
import { TINY_MODEL, TrainingPlace } from './tiny-training';

const folder = join(__dirname, '..', '..', 'configs');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const ofThePaper = files.filter((name) => name !== 'small.json');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const read = (name: string) => readTrainConfig(join(folder, name), '');

let place: TrainingPlace;
beforeAll(async () => {
  place = await TrainingPlace.make();
});
afterAll(() => place.remove());

const target = ({ model }: TrainConfig) => model.target as TargetOptions;

function targetNumbers(config: TrainConfig): number {
  const { kind, ...options } = target(config);
  using network = createInr(kind, { ...options, seed: 0 });
  return network.parameterCount;
}

/** Numbers of an encoder that learn, whose code has so many. */
function encoderNumbers(encoder: EncoderOptions, code: number): number {
  // The three gates of a GRU, with two biases each.
  const gru = (inputs: number) => 3 * code * (inputs + code + 2);
  switch (encoder.kind) {
    case 'whisper': {
      const { channels = 0, layers = 0 } = encoder;
      // A and B of queries and values at rank 8.
      return layers * 2 * 2 * 8 * channels + gru(channels);
    }
    case 'spectral': {
      const [bins, hidden, joined] = [257, 512, 771] as const;
      const gate = 2 * hidden * (bins + 1);
      const convolutions = 5 * hidden * (2 * hidden + 1) + 4 * 2 * hidden;
      const dense = 2 * hidden * (hidden + 1) + 2 * 2 * hidden;
      const join = 2 * joined + hidden * (joined + 1);
      return gate + convolutions + dense + join + gru(hidden);
    }
    default:
      return { soundstream: 21_045_792, snac: 21_192_997 }[encoder.kind ?? 'soundstream'];
  }
}

/** Parameters of the parts by SPEC's formulas; building them all would take minutes. */
function parts(config: TrainConfig) {
  const written = targetNumbers(config);
  const code = 3296;
  const kernel = 8101;
  const isFewSound = config.model.kind === 'fewsound';
  const widths = [
    isFewSound ? 2 * code : code,
    ...(config.model.hidden as readonly number[]),
    written,
  ];
  const writer = widths
    .slice(1)
    .reduce((sum, width, i) => sum + width * ((widths[i] as number) + 1), 0);
  const encoder = encoderNumbers((config.model.encoder ?? {}) as EncoderOptions, code);
  const universal = isFewSound
    ? written + 2 * (kernel + 1) + (written - 2 * (kernel - 1)) * code + code
    : 0;
  return { written, writer, all: encoder + universal + writer };
}

describe.each(files)('configs/%s', (name) => {
  test('has options that the model and the training take', async () => {
    const config = await read(name);
    const { kind, target: described, ...options } = config.model;
    parseOptions(kindSchema('hypernetwork', kind), { ...options, target: described }, name);
    // As long as the corpus has: the loss of the configurations needs more than half its largest
    // FFT.
    const { kind: _, universalKernel, warmupEpochs, ...tiny } = { ...TINY_MODEL, samples: 2000 };
    const ofFewSound = kind === 'fewsound' ? { universalKernel, warmupEpochs } : {};
    const model = createHyperNetwork(kind, { ...tiny, ...ofFewSound, target: target(config) });
    const corpus = await openCorpus(place.corpus);
    try {
      setUpTraining(model, corpus, { ...config.training, folder: place.fresh() });
    } finally {
      model.dispose();
      await corpus.close();
    }
  });
});

describe('the configurations of the paper', () => {
  test.each(ofThePaper)(
    '%s is in the table of configs/README.md with its numbers',
    async (name) => {
      const config = await read(name);
      const { written, writer, all } = parts(config);
      const row = `| [\`${name}\`](${name}) | ${formatCount(written)} | ${formatCount(writer)} | ${formatCount(all)} |`;
      expect(readme).toContain(row);
      // The name says model, size, target and corpus.
      const words = basename(name, '.json').split('-');
      expect(words).toContain(config.model.kind);
      expect(words).toContain(target(config).kind);
      expect(config.corpus?.prepared).toMatch(/^fewsound-out\//);
      expect(name).toContain(`-${config.corpus?.prepared.split('/')[1]}.json`);
      expect(readme).toMatch(
        new RegExp(`^fewsound prepare ${config.corpus?.prepared.split('/')[1]} `, 'm'),
      );
    },
  );

  test.each(ofThePaper)("%s has the paper's training", async (name) => {
    const config = await read(name);
    expect(config.training).toMatchObject({
      epochs: 2500,
      samplesPerEpoch: 10_000,
      batchSize: 16,
      schedule: 'oneCycle',
      learningRate: target(config).kind === 'siren' ? 2.5e-5 : 2.5e-4,
    });
    expect(config.model.samples).toBe(32_768);
  });

  test('name no file that is not there', () => {
    const linked = [...readme.matchAll(/\]\(([\w-]+\.json)\)/g)].map(([, name]) => name as string);
    expect(new Set(linked)).toEqual(new Set(files));
  });

  test('of Table 2 with 17.5M is the default FewSound, of 94,362,534 parameters', async () => {
    const config = await read('fewsound-17m-nerf-vctk.json');
    const { kind, ...options } = config.model;
    const model = createHyperNetwork(kind, options);
    try {
      expect(model?.parameterCount).toBe(94_362_534);
      expect(parts(config).all).toBe(94_362_534);
    } finally {
      model.dispose();
    }
  });
});
