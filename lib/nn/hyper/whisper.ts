import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { addon } from '../../addon/addon.js';
import { invalidArgument } from '../../errors.js';
import { makeFolder } from '../../files.js';
import type { LoraOptions, WhisperOptions } from '../../options.generated.js';
import { cacheFolder } from '../../setup/libtorch.js';
import {
  noGrad,
  readSafetensors,
  scope,
  type Tensor,
  writeSafetensors,
} from '../../tensor/index.js';
import { fileFormat, requirePath } from '../model-file.js';
import { readTensors } from '../published-weights.js';
import type { HyperNetwork } from './hyper-network.js';

/** What transformers call the tensors of OpenAI's checkpoints, within the encoder. */
const transformersNames: readonly (readonly [openAi: RegExp, transformers: string])[] = [
  [/^positional_embedding$/, 'embed_positions.weight'],
  [/^ln_post\./, 'layer_norm.'],
  [/^blocks\.(\d+)\.attn\.query\./, 'layers.$1.self_attn.q_proj.'],
  [/^blocks\.(\d+)\.attn\.key\./, 'layers.$1.self_attn.k_proj.'],
  [/^blocks\.(\d+)\.attn\.value\./, 'layers.$1.self_attn.v_proj.'],
  [/^blocks\.(\d+)\.attn\.out\./, 'layers.$1.self_attn.out_proj.'],
  [/^blocks\.(\d+)\.attn_ln\./, 'layers.$1.self_attn_layer_norm.'],
  [/^blocks\.(\d+)\.mlp\.0\./, 'layers.$1.fc1.'],
  [/^blocks\.(\d+)\.mlp\.2\./, 'layers.$1.fc2.'],
  [/^blocks\.(\d+)\.mlp_ln\./, 'layers.$1.final_layer_norm.'],
];

function transformersName(name: string): string {
  const [pattern, other] = transformersNames.find(([each]) => each.test(name)) ?? [];
  return pattern === undefined ? name : name.replace(pattern, other as string);
}

/** The encoder in a file of Whisper. */
interface PublishedWhisper {
  /** By the names of transformers, within the encoder. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What it has to be given as an encoder. */
  readonly options: Required<Pick<WhisperOptions, 'mels' | 'channels' | 'layers'>>;
}

/**
 * The encoder of a Whisper in OpenAI's `.pt`, or in a safetensors file or checkpoint named as
 * transformers names it.
 *
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT
 */
async function readWhisper(path: string): Promise<PublishedWhisper> {
  requirePath(path);
  const tensors = await readTensors(path);
  const first = [...tensors.keys()].find((name) => /(^|\.)encoder\.conv1\.weight$/.test(name));
  const prefix = first?.replace(/conv1\.weight$/, '') ?? '';
  const own = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix)
        ? [[transformersName(name.slice(prefix.length)), tensor] as const]
        : [],
    ),
  );
  const [channels, mels] = own.get('conv1.weight')?.shape ?? [];
  const layers = [...own.keys()].filter((name) => /^layers\.\d+\.fc1\.weight$/.test(name)).length;
  if (channels === undefined || mels === undefined || layers === 0) {
    throw fileFormat(path, 'it holds no encoder of a Whisper ("encoder.conv1.weight" and layers)');
  }
  return { tensors: own, options: { mels, channels, layers } };
}

/**
 * The tensors that an encoder needs, by name.
 *
 * @throws FewSoundError FILE_FORMAT naming the tensor that is missing or of another shape
 */
function needed(
  path: string,
  { tensors, options }: PublishedWhisper,
  shapes: ReadonlyMap<string, readonly number[]>,
): Map<string, Tensor> {
  const text = `mels: ${options.mels}, channels: ${options.channels}, layers: ${options.layers}`;
  return new Map(
    [...shapes].map(([name, shape]) => {
      const stored = tensors.get(name);
      const problem =
        stored === undefined
          ? `it lacks "${name}"`
          : `its "${name}" is [${stored.shape.join(', ')}], not [${shape.join(', ')}]`;
      if (stored !== undefined && String(stored.shape) === String(shape)) return [name, stored];
      throw fileFormat(
        path,
        `${problem} of this encoder; the file is for encoder: { kind: 'whisper', ${text} }`,
      );
    }),
  );
}

/** Where `setupWhisper` keeps the encoder of that name. */
function keptWhisper(name: string): string {
  return join(cacheFolder(), 'whisper', `${name}.safetensors`);
}

const PART = 'encoder.';
const isLora = (name: string) => /\.lora_[ab]$/.test(name);

/** The options of the Whisper encoder of a model. */
function whisperOf(
  model: HyperNetwork,
): Required<WhisperOptions> & { lora: Required<LoraOptions> } {
  const { encoder } = model.options;
  if (encoder.kind !== 'whisper') {
    throw invalidArgument(
      'model',
      `the model hears by ${encoder.kind}; make one with encoder: { kind: 'whisper' }.`,
    );
  }
  return encoder as ReturnType<typeof whisperOf>;
}

/**
 * Copies the weights of a Whisper into the encoder of a model: from OpenAI's `.pt`, or from a
 * safetensors file or checkpoint named as transformers names them, in float32, float16 or bfloat16.
 * What the file holds beside them (the decoder) is left out. Nothing is changed where anything does
 * not fit.
 *
 * @param source a file, or the name of one that `setupWhisper` keeps
 * @throws FewSoundError INVALID_ARGUMENT for a model with another encoder; FILE_NOT_FOUND;
 *   FILE_FORMAT naming the tensor that is missing or of another size
 */
export async function loadWhisperWeights(model: HyperNetwork, source: string): Promise<void> {
  whisperOf(model);
  requirePath(source);
  const kept = keptWhisper(source);
  const path = !existsSync(source) && existsSync(kept) ? kept : source;
  await scope(async () => {
    const file = await readWhisper(path);
    const parameters = model.parameters();
    const fixed = new Map(
      [...model.stateDict()].flatMap(([name, tensor]) =>
        parameters.has(name) ? [] : [[name.slice(PART.length), tensor]],
      ),
    );
    const shapes = new Map([...fixed].map(([name, { shape }]) => [name, shape]));
    const found = needed(path, file, shapes);
    noGrad(() => {
      for (const [name, own] of fixed) {
        own.copy_((found.get(name) as Tensor).to({ dtype: own.dtype, device: own.device }));
      }
    });
  });
}

/** What {@link setupWhisper} found and keeps. */
export interface KeptWhisper {
  /** That `loadWhisperWeights` and configurations know it by. */
  readonly name: string;
  readonly path: string;
  /** The options of the encoder that it is for. */
  readonly encoder: Required<Pick<WhisperOptions, 'mels' | 'channels' | 'layers'>>;
}

/**
 * Checks the encoder of a Whisper in a file and keeps it, without the decoder, in the user's cache
 * folder, under the name of the file without its ending.
 *
 * @throws FewSoundError FILE_NOT_FOUND, FILE_FORMAT, IO
 */
export async function setupWhisper(path: string): Promise<KeptWhisper> {
  return scope(async () => {
    const file = await readWhisper(path);
    const { options } = file;
    const described = addon().describeModel('hypersound', {
      target: { kind: 'nerf', layers: [1], encoding: 1 },
      encoder: { kind: 'whisper', ...options, headWidth: options.channels },
    });
    const shapes = described.flatMap(([name, shape, learns]) =>
      learns ? [] : [[name.slice(PART.length), shape] as const],
    );
    const name = basename(path, extname(path));
    const kept = keptWhisper(name);
    const tensors = needed(path, file, new Map(shapes));
    await makeFolder(dirname(kept));
    await writeSafetensors(
      kept,
      new Map([...tensors].map(([own, tensor]) => [`model.encoder.${own}`, tensor])),
    );
    return { name, path: kept, encoder: options };
  });
}

/**
 * Writes the low-rank updates of the model's Whisper encoder alone, a few hundred kB, to a
 * safetensors file.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a model without, IO
 */
export async function saveLora(model: HyperNetwork, path: string): Promise<void> {
  const { lora, channels, layers } = whisperOf(model);
  const updates = [...model.parameters()].filter(([name]) => isLora(name));
  if (updates.length === 0) {
    throw invalidArgument(
      'model',
      'its encoder has no updates: lora.rank is 0, or no projection has one.',
    );
  }
  await writeSafetensors(
    path,
    new Map(updates.map(([name, tensor]) => [name.slice(PART.length), tensor])),
    { lora: JSON.stringify({ ...lora, channels, layers }) },
  );
}

/**
 * Copies what `saveLora` wrote into a model. Nothing is changed where anything does not fit.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a model with another encoder; FILE_NOT_FOUND;
 *   FILE_FORMAT for updates of another model, or with another alpha
 */
export async function loadLora(model: HyperNetwork, path: string): Promise<void> {
  const { lora, channels, layers } = whisperOf(model);
  requirePath(path);
  await scope(async () => {
    const { tensors, metadata } = await readSafetensors(path);
    const expected = JSON.stringify({ ...lora, channels, layers });
    if (metadata.lora === undefined) throw fileFormat(path, 'it holds no LoRA weights of fewsound');
    if (metadata.lora !== expected) {
      throw fileFormat(path, `its updates are of ${metadata.lora}, but the model has ${expected}`);
    }
    const own = [...model.parameters()].filter(([name]) => isLora(name));
    const pairs = own.map(([name, target]) => {
      const stored = tensors.get(name.slice(PART.length));
      if (stored === undefined || String(stored.shape) !== String(target.shape)) {
        throw fileFormat(
          path,
          `it lacks "${name.slice(PART.length)}" of [${target.shape.join(', ')}]`,
        );
      }
      return [target, stored] as const;
    });
    noGrad(() => {
      for (const [target, stored] of pairs) {
        target.copy_(stored.to({ dtype: target.dtype, device: target.device }));
      }
    });
  });
}

/**
 * Adds the low-rank updates to the weights that they update, W + alpha / rank · B A, and makes B
 * zero: the model computes what it did, and its file is that of a Whisper with other weights.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a model with another encoder
 */
export function mergeLora(model: HyperNetwork): void {
  const { lora } = whisperOf(model);
  const state = model.stateDict();
  noGrad(() =>
    scope(() => {
      for (const [name, up] of state) {
        if (!name.endsWith('.lora_b')) continue;
        const base = name.slice(0, -'lora_b'.length);
        const down = state.get(`${base}lora_a`) as Tensor;
        const weight = state.get(`${base}weight`) as Tensor;
        weight.copy_(weight.add(up.matmul(down).mul(lora.alpha / lora.rank)));
        up.zero_();
      }
    }),
  );
}
