import { peakOf, requireClip } from '../../audio/clip.js';
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
  const { onProgress, signal, ...rest } = options;
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
      networks.push(...(await writeNetworks(model, clip, pieces.slice(first, first + batchSize))));
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

/** A network for each piece. */
async function writeNetworks(
  model: HyperNetwork,
  clip: Clip,
  pieces: readonly Piece[],
): Promise<Inr[]> {
  const { samples, dtype, device, target } = model.options;
  const audio = new Float32Array(pieces.length * samples);
  const peaks = pieces.map(({ start, length }, row) => {
    const part = clip.samples.subarray(start, Math.min(start + length, clip.length));
    const peak = peakOf(part);
    if (peak > 0)
      audio.set(
        part.map((value) => value / peak),
        row * samples,
      );
    return peak;
  });
  return scope(async () => {
    const recordings = tensor(audio, { shape: [pieces.length, samples], dtype, device });
    const vectors = await model.ask(recordings, model.updateFactor);
    const weights = noGrad(() => model.weights(vectors));
    const { kind, ...options } = target;
    return peaks.map((peak, row) => {
      const network = createInr(kind, { ...options, dtype, device, seed: 0 } as object);
      fill(network, weights, row, peak);
      return network;
    });
  });
}

/** Takes one recording's weights into a network, its output scaled. */
function fill(
  network: Inr,
  weights: ReadonlyMap<string, Tensor>,
  row: number,
  scale: number,
): void {
  const own = network.parameters();
  const names = [...own.keys()];
  const last = Math.max(...names.map((name) => Number(/^layers\.(\d+)\./.exec(name)?.[1] ?? -1)));
  const output = new Set(outputWeights(names).map((role) => `layers.${last}.${role}`));
  noGrad(() =>
    scope(() => {
      for (const [name, parameter] of own) {
        const written = weights.get(name)?.select(0, row);
        if (written === undefined) continue;
        parameter.copy_(output.has(name) ? written.mul(scale) : written);
      }
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
