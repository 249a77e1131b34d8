import { z } from 'zod';
import { readSafetensors, readTorchFile, scope, type Tensor } from '../tensor/index.js';
import { isTorchFile } from '../tensor/torch-file/read.js';
import type { SplineGrid } from './spline-dictionary.js';
import { wholeWeights } from './whole-weights.js';

/** Dicts in which training programs store the model's tensors beside others. */
const modelDicts = ['model_state_dict', 'state_dict', 'model_state', 'model', 'network', 'net'];

/** Dicts of other things: optimizers, schedules, and the state of our own training loop. */
const otherDict = /^(optim\w*|\w*optimizer\w*|\w*scheduler\w*|training|scaler)\./i;

/**
 * The tensors of a model among those of a file: the dict with the model is opened, the optimizer's
 * tensors are left out, and weights stored in parts (weight and spectral normalization) are put
 * together.
 *
 * @param tensors by path in the file; new ones belong to the enclosing scope
 */
function modelState(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return wholeWeights(opened(tensors));
}

function opened(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const kept = [...tensors].filter(([name]) => !otherDict.test(name));
  const isCheckpoint = kept.length < tensors.size;
  const dict = modelDicts.find(
    (name) =>
      // A module may have a part of this name; a checkpoint has it beside an optimizer's, or alone.
      (isCheckpoint || name.includes('state')) &&
      kept.some(([path]) => path.startsWith(`${name}.`)),
  );
  if (dict === undefined) return new Map(kept);
  const prefix = `${dict}.`;
  return new Map(
    kept.flatMap(([path, tensor]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), tensor] as const] : [],
    ),
  );
}

/** What analyses need from a model file. */
export interface ModelFile {
  /** Tensors by name, in the file's order; see `readModelFile`. */
  readonly state: Map<string, Tensor>;
  /** The grid of a KAN of ours. */
  readonly spline?: SplineGrid;
  /** Hz: the rate that it was trained at, where the file says so. */
  readonly sampleRate?: number;
}

const splineSchema = z.object({
  grid: z.number(),
  order: z.number(),
  gridRange: z.tuple([z.number(), z.number()]),
});
const kanSchema = z.object({ kind: z.literal('kan'), options: splineSchema });
const piecesSchema = z.object({ pieces: z.tuple([z.object({ model: kanSchema })], z.unknown()) });
const rateSchema = z.object({ sampleRate: z.number().positive() });

/**
 * Reads the tensors of a model file: a model or a checkpoint of ours, any other safetensors file,
 * or a checkpoint of PyTorch (`.pth`, zip or legacy), without running its pickle. The tensors
 * belong to the enclosing scope.
 *
 * Of a checkpoint that also holds an optimizer's state, only the model's tensors are returned,
 * without the name of their dict (`model_state_dict.conv1.weight` becomes `conv1.weight`). Weight
 * and spectral normalization are undone: instead of the parts there is the weight that they make.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT, naming what a refused pickle asked for
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  return scope(async () => {
    if (await isTorchFile(path)) return { state: modelState((await readTorchFile(path)).tensors) };
    const { tensors, metadata } = await readSafetensors(path);
    const model = json(metadata.model);
    const spline = splineOf(model);
    const sampleRate =
      rateSchema.safeParse(json(metadata.clip)).data?.sampleRate ??
      rateSchema.safeParse(model).data?.sampleRate ??
      rateSchema.safeParse({ sampleRate: json(metadata.sampleRate) }).data?.sampleRate;
    return {
      state: modelState(tensors),
      ...(spline !== undefined && { spline }),
      ...(sampleRate !== undefined && { sampleRate }),
    };
  });
}

function splineOf(model: unknown): SplineGrid | undefined {
  const kan =
    kanSchema.safeParse(model).data ?? piecesSchema.safeParse(model).data?.pieces[0].model;
  return kan?.options;
}

/** Metadata of other programs may be anything. */
function json(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
