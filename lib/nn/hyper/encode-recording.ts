import { createClip, peakOf, requireClip } from '../../audio/clip.js';
import type { Clip } from '../../audio/index.js';
import { FewSoundError, throwIfAborted } from '../../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../../options.js';
import { noGrad, scope, type Tensor, tensor } from '../../tensor/index.js';
import type { Inr } from '../inr.js';
import { createInr } from '../networks.js';
import type { Piece } from '../piecewise-inr.js';
import { PiecewiseInr } from '../piecewise-inr.js';
import type { HyperNetwork } from './hyper-network.js';

/** Options of {@link encodeRecording}. */
export interface EncodeOptions {
  /**
   * Samples that neighboring pieces share and fade over, 2 to a quarter of a piece. Default 2048.
   */
  overlap?: number;
  /** Pieces that are written at once. Default 8. */
  batchSize?: number;
  /**
   * Given the networks that were written at once, and what for: pieces scaled to peak 1, without
   * those of silence. What is done to the networks by the time that the promise settles stays:
   * `fitAll` can go on from there.
   */
  onWritten?: (networks: readonly Inr[], pieces: readonly Clip[]) => Promise<unknown>;
  /** Told how many pieces are done, of how many. */
  onProgress?: (done: number, pieces: number) => void;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/**
 * Writes the networks of a recording of any length: cuts it into pieces of the model's length, each
 * scaled to peak 1, asks the model for a network for each, and folds the scale back into the
 * network's last layer (paper 1, end of "FewSound"). Decode it by `render`, where pieces fade into
 * each other.
 *
 * The model works on a thread of its own. The last piece is filled up with silence, and reaches
 * beyond the end.
 *
 * @param clip of the rate that the model was trained at (`model.sampleRate`, where it knows one)
 * @returns the whole, which owns the networks; `save` writes all pieces to one file
 * @throws FewSoundError INVALID_ARGUMENT naming the option, or for a clip that is none or of
 *   another rate; ABORTED
 */
export async function encodeRecording(
  model: HyperNetwork,
  clip: Clip,
  options: EncodeOptions = {},
): Promise<PiecewiseInr> {
  requireClip(clip, 'encodeRecording');
  if (model.sampleRate !== undefined && clip.sampleRate !== model.sampleRate) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `encodeRecording: the clip has ${clip.sampleRate} Hz, but the model was trained at ${model.sampleRate} Hz; load it by loadClip(file, { sampleRate: ${model.sampleRate} }), or use resample.`,
      { field: 'clip' },
    );
  }
  const { samples } = model.options;
  const { onWritten, onProgress, signal, ...rest } = options;
  const { overlap, batchSize } = parseOptions(
    optionsObject({
      overlap: wholeNumber(2, Math.floor(samples / 4)).default(
        Math.min(2048, Math.floor(samples / 4)),
      ),
      batchSize: wholeNumber(1, 4096).default(8),
    }),
    rest,
    'encodeRecording options',
  );
  const pieces = equalPieces(clip.length, samples, overlap);
  const networks: Inr[] = [];
  try {
    for (let first = 0; first < pieces.length; first += batchSize) {
      throwIfAborted(signal, 'the encoding was aborted.');
      const parts = pieces.slice(first, first + batchSize).map((piece) => scaledPart(clip, piece));
      const written = await writeNetworks(model, parts);
      networks.push(...written);
      const heard = written.filter((_, i) => (parts[i] as ScaledPart).peak > 0);
      if (heard.length > 0) {
        const clips = parts.flatMap(({ samples, peak }) =>
          peak > 0 ? [createClip(samples, clip.sampleRate)] : [],
        );
        await onWritten?.(heard, clips);
      }
      for (const [i, { peak }] of parts.entries()) scaleOutput(written[i] as Inr, peak);
      onProgress?.(networks.length, pieces.length);
    }
    return new PiecewiseInr({
      networks,
      pieces,
      overlap,
      clip: { sampleRate: clip.sampleRate, samples: clip.length },
    });
  } catch (error) {
    for (const network of networks) network.dispose();
    throw error;
  }
}

/** Pieces of one length that cover a recording, neighbors sharing `overlap` samples. */
function equalPieces(samples: number, length: number, overlap: number): Piece[] {
  const count = samples <= length ? 1 : 1 + Math.ceil((samples - length) / (length - overlap));
  return Array.from({ length: count }, (_, i) => ({ start: i * (length - overlap), length }));
}

/** A piece of a recording scaled to peak 1, filled up with silence. */
interface ScaledPart {
  readonly samples: Float32Array;
  /** What it was divided by; 0 for silence. */
  readonly peak: number;
}

function scaledPart(clip: Clip, { start, length }: Piece): ScaledPart {
  const part = clip.samples.subarray(start, Math.min(start + length, clip.length));
  const peak = peakOf(part);
  const samples = new Float32Array(length);
  if (peak > 0) samples.set(part.map((value) => value / peak));
  return { samples, peak };
}

/** A network for each part, at peak 1. */
async function writeNetworks(model: HyperNetwork, parts: readonly ScaledPart[]): Promise<Inr[]> {
  const { samples, dtype, device, target } = model.options;
  const audio = new Float32Array(parts.length * samples);
  for (const [row, part] of parts.entries()) audio.set(part.samples, row * samples);
  return scope(async () => {
    const recordings = tensor(audio, { shape: [parts.length, samples], dtype, device });
    const vectors = await model.ask(recordings, model.updateFactor);
    const weights = noGrad(() => model.weights(vectors));
    const { kind, ...options } = target;
    return parts.map((_, row) => {
      const network = createInr(kind, { ...options, dtype, device, seed: 0 } as object);
      fill(network, weights, row);
      return network;
    });
  });
}

/** Takes one recording's weights into a network. */
function fill(network: Inr, weights: ReadonlyMap<string, Tensor>, row: number): void {
  noGrad(() =>
    scope(() => {
      for (const [name, parameter] of network.parameters()) {
        const written = weights.get(name)?.select(0, row);
        if (written !== undefined) parameter.copy_(written);
      }
    }),
  );
}

/** Multiplies all that a network gives. */
function scaleOutput(network: Inr, scale: number): void {
  const own = network.parameters();
  const names = [...own.keys()];
  const last = Math.max(...names.map((name) => Number(/^layers\.(\d+)\./.exec(name)?.[1] ?? -1)));
  noGrad(() =>
    scope(() => {
      for (const role of outputWeights(names)) own.get(`layers.${last}.${role}`)?.mul_(scale);
    }),
  );
}

/** What the output of a network's last layer is linear in. */
function outputWeights(names: readonly string[]): string[] {
  if (names.some((name) => name.endsWith('.weight'))) return ['weight', 'bias'];
  return names.some((name) => name.endsWith('.scale'))
    ? ['base', 'scale']
    : ['base', 'coefficients'];
}
