import { z } from 'zod';
import { readSafetensors, type Tensor } from '../tensor/index.js';
import type { SplineGrid } from './spline-dictionary.js';

/** What analyses need of a model's file. */
export interface ModelFile {
  /** Tensors by name, in the file's order. */
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
 * Reads the tensors of any safetensors file, one of ours or a state dict saved from PyTorch, and what the metadata of ours
 * say. Tensors belong to the scope around.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const { tensors, metadata } = await readSafetensors(path);
  const model = json(metadata.model);
  const spline = splineOf(model);
  const sampleRate =
    rateSchema.safeParse(json(metadata.clip)).data?.sampleRate ??
    rateSchema.safeParse(model).data?.sampleRate ??
    rateSchema.safeParse({ sampleRate: json(metadata.sampleRate) }).data?.sampleRate;
  return {
    state: tensors,
    ...(spline !== undefined && { spline }),
    ...(sampleRate !== undefined && { sampleRate }),
  };
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
