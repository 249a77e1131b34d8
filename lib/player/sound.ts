import { FewSoundError, invalidArgument } from '../errors.js';
import { finerNetwork, nerfNetwork, rffNetwork, sirenNetwork, wireNetwork } from './dense.js';
import { envelopeOf } from './envelope.js';
import { contentOf, jsonOf } from './file-format.js';
import { kanNetwork } from './kan.js';
import { mixPieces, type Piece, requireCoveringPieces } from './pieces.js';
import {
  type LearnedClip,
  onSamples,
  placeRange,
  type RenderRange,
  requireClip,
  requireSampleCount,
  type SamplePositions,
} from './positions.js';
import { parseHeader, requireHeaderLength } from './safetensors-header.js';
import { Architecture, type Fault, Weights, weightBytes } from './weights.js';

/** The kinds of networks that can be played, as files name them. */
type PlayedKind = 'kan' | 'nerf' | 'siren' | 'finer' | 'rff' | 'wire';

/** The sound that a file holds: of one network, or of several that hold a piece each. */
export interface Sound {
  /** The kind of the network; 'piecewise' where there are several. */
  readonly kind: PlayedKind | 'piecewise';
  /** What it has learned: gives seconds a meaning. Not in files of networks that were never fitted. */
  readonly clip: LearnedClip | undefined;
  /**
   * The sound as samples: a number of them over the whole recording, the first at its beginning and
   * the last at its end, or those of a stretch of time at any rate. Equal to what the network itself
   * renders to 1e-5.
   *
   * @returns [samples] amplitudes, as the network has them: nothing is clipped
   * @throws FewSoundError INVALID_ARGUMENT for a range outside the recording, or seconds where the
   *   file does not say what was learned
   */
  render(extent: number | RenderRange): Float32Array;
  /**
   * Fills a block, such as that of an AudioWorklet, with the samples from an instant on. Outside
   * the recording it is silent. Of one network it takes no new memory.
   *
   * @param block [samples], as many as it holds
   * @throws FewSoundError INVALID_ARGUMENT as `render`
   */
  renderInto(block: Float32Array, at: BlockPlace): void;
}

/** Where a block of samples lies. */
export interface BlockPlace {
  /** Its first sample, seconds from the beginning of the recording; may lie outside. */
  readonly from: number;
  /** Samples per second, Hz. Default: the recording's. */
  readonly sampleRate?: number;
}

/** Amplitude at a time in [-1, 1]. */
type Amplitude = (t: number) => number;

/** The networks that can be played. */
const networks: Readonly<Record<PlayedKind, (of: Architecture, weights: Weights) => Amplitude>> = {
  kan: kanNetwork,
  nerf: nerfNetwork,
  siren: sirenNetwork,
  finer: finerNetwork,
  rff: rffNetwork,
  wire: wireNetwork,
};

/**
 * Reads a model file that fewsound wrote (`network.save`, `fewsound fit`, `encode`) and that holds
 * a sound. Nothing in it is executed, and no native code is needed.
 *
 * @param file the bytes of a safetensors file
 * @throws FewSoundError FILE_FORMAT, saying what is wrong, for bytes that are no such file, that are
 *   cut short, or that hold something else (a checkpoint, a hypernetwork, a classifier);
 *   INVALID_ARGUMENT for what is no buffer
 */
export function readSound(file: ArrayBuffer | Uint8Array): Sound {
  const { metadata, tensors, data } = readFile(bytesOf(file));
  const content = contentOf(metadata, fault);
  const described = jsonOf(metadata, 'model', fault);
  if (content === 'network') {
    const clip = metadata.clip === undefined ? undefined : clipOf(metadata);
    return new NetworkSound(readNetwork(described, new Weights(tensors, data, '', fault)), clip);
  }
  if (content === 'pieces') {
    const { overlap, pieces } = planOf(described);
    const clip = clipOf(metadata);
    try {
      requireCoveringPieces(pieces, overlap, clip);
    } catch (error) {
      throw fault((error as Error).message.replace(/\.$/, ''));
    }
    const parts = pieces.map(({ start, length, model }, i) => {
      const network = readNetwork(model, new Weights(tensors, data, `pieces.${i}.`, fault));
      return { start, length, network };
    });
    return new PiecewiseSound(parts, overlap, clip);
  }
  throw fault(
    `it holds a ${content}; expected a network that holds a sound, as network.save() and fewsound fit write it`,
  );
}

interface Network {
  readonly kind: PlayedKind;
  readonly single: boolean;
  readonly amplitude: Amplitude;
}

class NetworkSound implements Sound {
  constructor(
    private readonly network: Network,
    readonly clip: LearnedClip | undefined,
  ) {}

  get kind(): PlayedKind {
    return this.network.kind;
  }

  render(extent: number | RenderRange): Float32Array {
    if (typeof extent === 'number') {
      const count = requireSampleCount(extent);
      return renderAmong(this.network, count, { first: 0, step: 1, count });
    }
    const positions = placeRange(checkedRange(extent), this.clip);
    return renderAmong(this.network, (this.clip as LearnedClip).samples, positions);
  }

  renderInto(block: Float32Array, at: BlockPlace): void {
    renderBlock(block, at, this.clip, (within, positions, { samples }) =>
      fill(within, this.network, samples, positions),
    );
  }
}

class PiecewiseSound implements Sound {
  readonly kind = 'piecewise';

  constructor(
    private readonly pieces: readonly (Piece & { readonly network: Network })[],
    private readonly overlap: number,
    readonly clip: LearnedClip,
  ) {}

  render(extent: number | RenderRange): Float32Array {
    const positions = this.#positions(extent);
    const rendered = new Float32Array(positions.count);
    this.#mix(rendered, positions);
    return rendered;
  }

  renderInto(block: Float32Array, at: BlockPlace): void {
    renderBlock(block, at, this.clip, (within, positions) => this.#mix(within, positions));
  }

  #positions(extent: number | RenderRange): SamplePositions {
    if (typeof extent !== 'number') return placeRange(checkedRange(extent), this.clip);
    const count = requireSampleCount(extent);
    return { first: 0, step: (this.clip.samples - 1) / Math.max(count - 1, 1), count };
  }

  #mix(mixed: Float32Array, positions: SamplePositions): void {
    const render = (index: number, own: SamplePositions) => {
      const { network, length } = this.pieces[index] as Piece & { network: Network };
      return renderAmong(network, length, own);
    };
    mixPieces(this.pieces, this.overlap, positions, render, mixed);
  }
}

function renderAmong(network: Network, samples: number, positions: SamplePositions): Float32Array {
  const rendered = new Float32Array(positions.count);
  fill(rendered, network, samples, positions);
  return rendered;
}

/** Amplitudes at positions among the samples of a recording, at the times that `fit` gives them. */
function fill(
  block: Float32Array,
  { amplitude, single }: Network,
  samples: number,
  positions: SamplePositions,
): void {
  const { first, step, count } = positions;
  const last = samples - 1;
  if (onSamples(positions, samples)) {
    // As LibTorch's linspace: from both ends, by a step that is rounded.
    const between = single ? Math.fround(2 / last) : 2 / last;
    const half = Math.floor(samples / 2);
    for (let i = 0; i < count; i++) {
      const n = first + i;
      const t = last === 0 ? -1 : n < half ? -1 + between * n : 1 - between * (last - n);
      block[i] = amplitude(single ? Math.fround(t) : t);
    }
    return;
  }
  const span = Math.max(last, 1);
  for (let i = 0; i < count; i++) {
    const t = -1 + (2 * (first + i * step)) / span;
    block[i] = amplitude(single ? Math.fround(t) : t);
  }
}

function renderBlock(
  block: Float32Array,
  { from, sampleRate }: BlockPlace,
  clip: LearnedClip | undefined,
  render: (within: Float32Array, positions: SamplePositions, clip: LearnedClip) => void,
): void {
  if (!(block instanceof Float32Array)) {
    throw invalidArgument('block', 'renderInto: block is no Float32Array.');
  }
  requireNumber('from', from, Number.NEGATIVE_INFINITY);
  if (sampleRate !== undefined) requirePositive('sampleRate', sampleRate);
  const learned = requireClip(clip);
  const { samples, sampleRate: learnedRate } = learned;
  const step = learnedRate / (sampleRate ?? learnedRate);
  const first = from * learnedRate;
  block.fill(0);
  const begin = Math.min(block.length, Math.max(0, Math.ceil(-first / step)));
  const end = Math.min(block.length, Math.ceil((samples - first) / step));
  if (begin >= end) return;
  const whole = begin === 0 && end === block.length;
  render(
    whole ? block : block.subarray(begin, end),
    { first: first + begin * step, step, count: end - begin },
    learned,
  );
}

function checkedRange(range: RenderRange): RenderRange {
  if (typeof range !== 'object' || range === null) {
    throw invalidArgument(
      'extent',
      'render: expected a number of samples, or { from, to, sampleRate }.',
    );
  }
  const { from, to, sampleRate } = range;
  if (from !== undefined) requireNumber('from', from, 0);
  if (to !== undefined) requirePositive('to', to);
  if (sampleRate !== undefined) requirePositive('sampleRate', sampleRate);
  return range;
}

function requirePositive(field: string, value: number): void {
  requireNumber(field, value, Number.MIN_VALUE);
}

function requireNumber(field: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  const expected = least === 0 ? ' from 0 on' : least > 0 ? ' above 0' : '';
  throw invalidArgument(field, `${field} is ${value}; expected a number${expected}.`);
}

function bytesOf(file: ArrayBuffer | Uint8Array): Uint8Array {
  if (file instanceof Uint8Array) return file;
  // Of any realm, such as a frame's.
  if (Object.prototype.toString.call(file) === '[object ArrayBuffer]') return new Uint8Array(file);
  throw invalidArgument('file', 'readSound: file is no ArrayBuffer and no Uint8Array.');
}

function readFile(bytes: Uint8Array) {
  const notSafetensors = (problem: string) => fault(`not a valid safetensors file: ${problem}`);
  const size = bytes.length;
  if (size < 8) throw notSafetensors(`it has ${size} bytes, too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const start = 8 + requireHeaderLength(view.getBigUint64(0, true), size, notSafetensors);
  const text = utf8(bytes.subarray(8, start));
  const header = parseHeader(text, size - start, weightBytes, notSafetensors);
  return { ...header, data: new Uint8Array(bytes.subarray(start)).buffer };
}

/** AudioWorklets have no TextDecoder. */
function utf8(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
  try {
    return decodeURIComponent(escaped);
  } catch {
    return '';
  }
}

function readNetwork(described: unknown, weights: Weights): Network {
  const { kind, options } = (described ?? {}) as { kind?: unknown; options?: unknown };
  if (!isPlayed(kind) || typeof options !== 'object' || options === null) {
    const known = Object.keys(networks).join(', ');
    throw fault(`its metadata name a model of kind ${JSON.stringify(kind)}; expected ${known}`);
  }
  const architecture = new Architecture(options as Record<string, unknown>, fault);
  const network = networks[kind](architecture, weights);
  const envelope = envelopeOf(architecture);
  weights.requireAllTaken();
  return { kind, single: weights.single, amplitude: (t) => network(t) * envelope(t) };
}

const isPlayed = (kind: unknown): kind is PlayedKind =>
  typeof kind === 'string' && Object.hasOwn(networks, kind);

function clipOf(metadata: Readonly<Record<string, string>>): LearnedClip {
  const { sampleRate = 0, samples = 0 } = (jsonOf(metadata, 'clip', fault) ??
    {}) as Partial<LearnedClip>;
  if (
    !(Number.isFinite(sampleRate) && sampleRate > 0 && Number.isInteger(samples) && samples > 0)
  ) {
    throw fault('its metadata "clip" are of no use');
  }
  return Object.freeze({ sampleRate, samples });
}

interface Plan {
  readonly overlap: number;
  readonly pieces: readonly (Piece & { readonly model: unknown })[];
}

function planOf(described: unknown): Plan {
  const { overlap, pieces } = (described ?? {}) as Partial<Plan>;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const fits =
    isCount(overlap) &&
    (overlap as number) > 1 &&
    Array.isArray(pieces) &&
    pieces.every((piece) => isCount(piece?.start) && isCount(piece?.length) && piece.length > 0);
  if (!fits) throw fault('its metadata "model" are no plan of pieces');
  return { overlap: overlap as number, pieces: pieces as Plan['pieces'] };
}

const fault: Fault = (problem) => new FewSoundError('FILE_FORMAT', `the file: ${problem}.`);
