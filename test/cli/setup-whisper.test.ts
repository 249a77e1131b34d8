import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addon } from '../../lib/addon/addon';
import { loadHyperNetwork } from '../../lib/nn';
import { readSafetensors, readTorchFile, scope, type Tensor } from '../../lib/tensor';
import { type CliError, cliJson } from './run-cli';
import { TINY_MODEL, TINY_TRAINING, TINY_WHISPER, TrainingPlace } from './tiny-training';

const published = join(__dirname, '..', 'nn', 'whisper-weights', 'small.pt');

let place: TrainingPlace;
const { XDG_CACHE_HOME } = process.env;
beforeAll(async () => {
  place = await TrainingPlace.make();
  addon(); // found where it is now
  process.env.XDG_CACHE_HOME = join(place.folder, 'cache');
});
afterAll(async () => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  await place.remove();
});

const kept = () => join(place.folder, 'cache', 'fewsound', 'whisper', 'small.safetensors');

test('fewsound setup whisper keeps the encoder of a file, and says for which options', async () => {
  const { status, json } = await cliJson(['setup', 'whisper', '--from', published]);
  expect(status).toBe(0);
  expect(json).toEqual({
    installed: true,
    whisper: { name: 'small', path: kept(), encoder: { mels: 5, channels: 6, layers: 2 } },
  });
  await scope(async () => {
    const { tensors } = await readSafetensors(kept());
    const { tensors: source } = await readTorchFile(published);
    expect([...tensors.keys()].some((name) => name.includes('decoder'))).toBe(false);
    const [own, given] = [
      tensors.get('model.encoder.layers.1.fc2.weight'),
      source.get('model_state_dict.encoder.blocks.1.mlp.2.weight'),
    ].map((tensor) => [...((tensor as Tensor).contiguous().data() as Float32Array)]);
    expect(own).toEqual(given);
  });
});

test('a training hears by it, and its model has its weights', async () => {
  const model = { ...TINY_MODEL, encoder: TINY_WHISPER };
  const training = { ...TINY_TRAINING, epochs: 1, validationMetrics: ['mse'] };
  const config = await place.config({ model, training, encoderWeights: 'small' });
  const out = place.fresh();
  const { status } = await cliJson(['train', config, '--out', out]);
  expect(status).toBe(0);
  using trained = await loadHyperNetwork(join(out, 'checkpoints', 'last.safetensors'));
  await scope(async () => {
    const { tensors } = await readSafetensors(kept());
    const state = trained.stateDict();
    const parameters = trained.parameters();
    for (const [name, tensor] of tensors) {
      const own = name.slice('model.'.length);
      expect(parameters.has(own)).toBe(false);
      expect([...((state.get(own) as Tensor).data() as Float32Array)]).toEqual([
        ...(tensor.data() as Float32Array),
      ]);
    }
  });
  // What goes on has them from its checkpoint.
  await writeFile(kept(), 'nothing');
  const more = await cliJson(['train', '--resume', out]);
  expect(more.status).toBe(0);
});

test.each([
  ['no file', [], 2, undefined, /--from FILE/],
  ['a file that is not there', ['--from', 'nothing.pt'], 1, 'FILE_NOT_FOUND', /nothing\.pt/],
  ['a file of something else', ['--from', 'MODEL'], 1, 'FILE_FORMAT', /no encoder of a Whisper/],
] as const)('%s is an error', async (_, args, status, code, message) => {
  const other = join(place.folder, 'other.safetensors');
  if (args[1] === 'MODEL') {
    const small = join(__dirname, '..', 'golden', 'nerf.safetensors');
    await writeFile(other, await readFile(small));
  }
  const given = args.map((arg) => (arg === 'MODEL' ? other : arg));
  const run = await cliJson<CliError>(['setup', 'whisper', ...given]);
  expect(run.status).toBe(status);
  if (code !== undefined) expect(run.json.error.code).toBe(code);
  expect(run.json.error.message).toMatch(message);
  expect(existsSync(kept().replace('small', 'other'))).toBe(false);
});
