import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configurationFile } from '../../lib/cli/runs/train-config';
import { type CliError, cliJson } from './run-cli';
import { TINY_MODEL, TINY_TRAINING, TINY_WHISPER, TrainingPlace } from './tiny-training';

let place: TrainingPlace;
beforeAll(async () => {
  place = await TrainingPlace.make();
});
afterAll(() => place.remove());

/** The failure of a training that must not make its folder. */
async function failure(config: string) {
  const out = join(place.folder, 'results', 'nested');
  const { status, json } = await cliJson<CliError>(['train', config, '--out', out]);
  expect(existsSync(join(place.folder, 'results'))).toBe(false);
  expect(Object.keys(json)).toEqual(['error']);
  return { status, ...json.error };
}

describe('configurations of the package', () => {
  const own = join(__dirname, '..', '..', 'configs', 'small.json');
  const before = process.cwd();
  beforeEach(() => process.chdir(place.folder));
  afterEach(() => process.chdir(before));

  test('are found from any folder', async () => {
    expect(configurationFile('configs/small.json')).toBe(own);
    // It is read: what is missing is the corpus that it names.
    const { code, message } = await failure('configs/small.json');
    expect(code).toBe('FILE_NOT_FOUND');
    expect(message).toContain(join('fewsound-out', 'folder'));
    const argv = ['train-classifier', 'configs/classifiers/segmental-digits.json'];
    const { json } = await cliJson<CliError>([...argv, '--folder', '/nowhere']);
    expect(json.error.message).toContain('/nowhere');
  });

  test('stand back behind those of the user, and other paths are as they are', async () => {
    await mkdir('configs');
    await writeFile('configs/small.json', '{}');
    expect(configurationFile('configs/small.json')).toBe('configs/small.json');
    for (const path of ['configs/absent.json', 'small.json', '/configs/small.json']) {
      expect(configurationFile(path)).toBe(path);
    }
    await rm('configs', { recursive: true });
  });
});

describe('a configuration that cannot be read', () => {
  test('missing', async () => {
    const { status, code, message } = await failure(join(place.folder, 'absent.json'));
    expect({ status, code }).toEqual({ status: 1, code: 'FILE_NOT_FOUND' });
    expect(message).toContain('absent.json');
  });

  test.each([
    ['a comma too many', '{\n  "model": { "kind": "fewsound" },\n}\n', 3],
    ['a missing comma', '{\n  "name": "a"\n  "comment": "b"\n}', 3],
    ['a comment', '{\n  // the model\n  "model": {}\n}', 2],
    ['a word that is none', '{\n  "model": {\n    "seed": nul\n  }\n}', 3],
    ['an end that is missing', '{\n  "model": {\n    "seed": 1\n  }\n', 4],
    ['nothing', '', 1],
    ['text', 'hello', 1],
  ])('is no JSON: %s', async (_, text, line) => {
    const { status, code, message } = await failure(await place.config(text));
    expect({ status, code }).toEqual({ status: 1, code: 'FILE_FORMAT' });
    expect(message).toContain(`.json, line ${line}, is not JSON`);
    expect(message.split('\n')).toHaveLength(1);
  });
});

describe('a configuration that says something wrong names the field, its value and what was expected', () => {
  const model = (parts: object) => ({ model: { ...TINY_MODEL, ...parts } });
  const training = (parts: object) => ({ training: { ...TINY_TRAINING, ...parts } });
  test.each<[string, object, string, RegExp]>([
    [
      'an unknown part',
      { modle: {} },
      'modle',
      /expected version, name, comment, model, corpus, encoderWeights, training/,
    ],
    ['a name that is no text', { name: 5 }, 'name', /name is 5\. Expected text/],
    ['no model', { model: undefined }, 'model', /undefined.*kind 'fewsound' or 'hypersound'/],
    ['an unknown model', model({ kind: 'kan' }), 'model.kind', /"kan".*'fewsound' or 'hypersound'/],
    ['a model without kind', model({ kind: undefined }), 'model.kind', /fewsound/],
    ['an unknown option of the model', model({ hiden: [4] }), 'model.hiden', /expected .*hidden/],
    ['a bad option of the model', model({ samples: 1 }), 'model.samples', /is 1\. .*from 2 to/],
    ['a bad encoder', model({ encoder: { strides: [] } }), 'model.encoder.strides', /strides/],
    [
      'a Whisper without its weights',
      model({ encoder: TINY_WHISPER }),
      'encoderWeights',
      /encoderWeights is missing.*fewsound setup whisper --from FILE/,
    ],
    ['an unknown target', model({ target: { kind: 'wire' } }), 'model.target.kind', /"wire"/],
    [
      'a bad option of the target',
      model({ target: { kind: 'kan', grid: 0 } }),
      'model.target.grid',
      /0/,
    ],
    ['a corpus that is no object', { corpus: 'vctk' }, 'corpus', /"vctk"/],
    ['no corpus', { corpus: undefined }, '', /corpus\.prepared.*--corpus DIR/],
    ['a corpus without folder', { corpus: {} }, 'corpus.prepared', /undefined.*fewsound prepare/],
    [
      'weights of an encoder that are no path',
      { encoderWeights: 5 },
      'encoderWeights',
      /is 5\. .*weights/,
    ],
    [
      'an encoder for another rate',
      model({
        samples: 1000,
        encoder: { kind: 'spectral', hidden: 2, width: 2, pitch: false, sampleRate: 16_000 },
      }),
      'model.encoder.sampleRate',
      /16000.*8000/,
    ],
    ['an unknown training option', training({ lr: 1 }), 'training.lr', /expected epochs, /],
    ['an option of the run', training({ folder: 'x' }), 'training.folder', /expected epochs, /],
    ['no epochs', training({ epochs: 0 }), 'training.epochs', /is 0\. Expected a whole number/],
    ['a bad rate', training({ learningRate: -1 }), 'training.learningRate', /above 0/],
    ['a bad schedule', training({ schedule: 'step' }), 'training.schedule', /'oneCycle'/],
    ['a bad precision', training({ precision: 'half' }), 'training.precision', /'bfloat16'/],
    ['a bad loss', training({ loss: { mels: 0 } }), 'training.loss.mels', /whole number/],
    [
      'a bad augmentation',
      training({ augmentation: { phaseMangle: 2 } }),
      'training.augmentation.phaseMangle',
      /from 0 to 1/,
    ],
    ['a batch beyond an epoch', training({ batchSize: 100 }), 'training.batchSize', /100/],
    ['a model that hears too much', model({ samples: 4096 }), 'model.samples', /4096.*2000/],
  ])('%s', async (_, parts, field, message) => {
    const found = await failure(await place.config({ ...parts }));
    expect({ status: found.status, code: found.code }).toEqual({
      status: 1,
      code: 'INVALID_ARGUMENT',
    });
    expect(found.field).toBe(field);
    expect(found.message).toMatch(message);
    expect(found.message).toContain('.json');
  });
});

describe('a corpus that cannot be trained on', () => {
  test.each([
    ['missing', async () => join(place.folder, 'nothing')],
    [
      'not prepared to its end',
      async () => {
        const half = place.fresh();
        await mkdir(half);
        await writeFile(join(half, 'preparation.json'), '{}');
        return half;
      },
    ],
  ])('%s', async (_, make) => {
    const prepared = await make();
    const { status, code, message } = await failure(await place.config({ corpus: { prepared } }));
    expect({ status, code }).toEqual({ status: 1, code: 'FILE_NOT_FOUND' });
    expect(message).toContain(prepared);
    expect(message).toContain('fewsound prepare');
    await rm(prepared, { recursive: true, force: true });
  });

  test('with a broken manifest', async () => {
    const prepared = place.fresh();
    await mkdir(prepared);
    await writeFile(join(prepared, 'manifest.json'), '{"format": 1}');
    const { code } = await failure(await place.config({ corpus: { prepared } }));
    expect(code).toBe('FILE_FORMAT');
  });
});

test('a device that is not there is refused before anything is written', async () => {
  const out = place.fresh();
  const argv = ['train', await place.config(), '--out', out, '--device', 'cuda:99'];
  const { status, json } = await cliJson<CliError>(argv);
  expect({ status, code: json.error.code }).toEqual({ status: 1, code: 'DEVICE_UNAVAILABLE' });
  expect(existsSync(out)).toBe(false);
});
