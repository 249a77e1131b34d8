import type { Clip } from '../audio/index.js';
import { invalidArgument } from '../errors.js';
import { encodeRecording, HyperNetwork, Inr, load } from '../nn/index.js';
import { createInr } from '../nn/networks.js';
import { scope } from '../tensor/index.js';

/**
 * What a fit can begin from, in place of random weights: a model that writes networks, which hears
 * the clip; a network; or the file of either.
 */
export type FitStart = HyperNetwork | Inr | string;

/** The clips that a fit can begin with, as far as it is known. */
export interface StartClips {
  readonly samples: number | undefined;
  /** Hz */
  readonly sampleRate: number | undefined;
}

/** A start that has been read. */
export interface OpenStart extends StartClips {
  /** What it is, as `kind` of models says. */
  readonly kind: string;
  /**
   * The network that a fit begins with, a new one.
   *
   * @throws FewSoundError INVALID_ARGUMENT for a clip of another length or rate
   */
  networkFor(clip: Clip): Promise<Inr>;
  /** Frees what was read. What was given stays. */
  [Symbol.dispose](): void;
}

/**
 * Reads a start.
 *
 * @throws FewSoundError INVALID_ARGUMENT for what is no start; for a file what `load` throws
 */
export async function openStart(from: FitStart): Promise<OpenStart> {
  const model = typeof from === 'string' ? await load(from) : from;
  if (!(model instanceof HyperNetwork || model instanceof Inr)) {
    let is = '';
    if (typeof from === 'string') {
      is = `; ${from} holds ${model.kind === 'piecewise' ? 'a recording in pieces' : `a ${model.kind}`}`;
      model.dispose();
    }
    throw invalidArgument(
      'from',
      `fit options: from is one network, a model that writes networks (FewSound, HyperSound), or the file of either${is}.`,
    );
  }
  const isModel = model instanceof HyperNetwork;
  const samples = isModel ? model.options.samples : model.clip?.samples;
  const sampleRate = isModel ? model.sampleRate : model.clip?.sampleRate;
  const kind = isModel ? `${model.kind}, ${model.options.target.kind}` : model.kind;
  return {
    ...{ kind, samples, sampleRate },
    async networkFor(clip) {
      requireOwnClip(clip, { samples, sampleRate });
      return isModel ? written(model, clip) : copyOf(model);
    },
    [Symbol.dispose]: () => model !== from && model.dispose(),
  };
}

/** Times are those of the whole clip: a network of another one would be stretched or squeezed. */
function requireOwnClip(clip: Clip, { samples, sampleRate }: StartClips): void {
  if (samples !== undefined && samples !== clip.length) {
    throw invalidArgument(
      'from',
      `fit options: from is for clips of ${samples} samples, but the clip has ${clip.length}. Load it by loadClip(file, { samples: ${samples} }), or use crop.`,
    );
  }
  if (sampleRate !== undefined && sampleRate !== clip.sampleRate) {
    throw invalidArgument(
      'from',
      `fit options: from is for clips at ${sampleRate} Hz, but the clip has ${clip.sampleRate} Hz. Load it by loadClip(file, { sampleRate: ${sampleRate} }), or use resample.`,
    );
  }
}

async function written(model: HyperNetwork, clip: Clip): Promise<Inr> {
  const { networks } = await encodeRecording(model, clip);
  // As many as pieces: one for a clip of the model's length.
  return networks[0] as Inr;
}

function copyOf(network: Inr): Inr {
  const copy = createInr(network.kind, network.options);
  scope(() => copy.loadStateDict(network.stateDict()));
  return copy;
}
