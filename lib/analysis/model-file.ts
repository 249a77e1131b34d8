import { z } from 'zod';
import { readSafetensors, readTorchFile, scope, type Tensor } from '../tensor/index.js';
import { isTorchFile } from '../tensor/torch-file/is-torch-file.js';
import { modelState } from './model-state.js';
import type { SplineGrid } from './spline-dictionary.js';

/** What analyses need of a model's file. */
export interface ModelFile {
  /** Tensors by name, in the file's order; see `readModelFile`. */
  readonly state: Map<string, Tensor>;
  /** The grid of a KAN of ours. */
  readonly spline?: SplineGrid;
  /** Hz, where the file says at what rate it was learned. */
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
 * Reads the tensors of a model's file: a model or a checkpoint of ours, any other safetensors file, or a checkpoint of
 * PyTorch (`.pth`, zip or legacy), without running its pickle. Tensors belong to the scope around.
 *
 * Of a checkpoint that also holds an optimizer's state only the model's tensors are given, without
 * the name of the dict that they lie in (`model_state_dict.conv1.weight` is `conv1.weight`). Weight
 * and spectral normalization are undone: in place of the parts there is the weight that they make.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT, which says what a pickle asked for that was refused
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
