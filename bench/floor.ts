import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inr } from '../lib/nn/index.js';

/** What the machine can do at most, by bench/native/peak.cc. */
export interface Peak {
  /** Of float32, a multiply-add counted as two. */
  peakGflops: number;
  bandwidthGBs: number;
}

/** Compiles and runs bench/native/peak.cc for the processor that it runs on. */
export function measurePeak(threads: number): Peak {
  const folder = mkdtempSync(join(tmpdir(), 'fewsound-'));
  try {
    const program = join(folder, 'peak');
    const flags = ['-std=c++20', '-O3', '-march=native', '-ffp-contract=fast', '-pthread'];
    const source = join(process.cwd(), 'bench', 'native', 'peak.cc');
    output(process.env.CXX || 'c++', [...flags, source, '-o', program]);
    return JSON.parse(output(program, [String(threads)])) as Peak;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function output(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Below which no step can come, and how far one is from it. */
export interface Floor {
  /** Multiply-adds. */
  operations: number;
  /** Between processor and memory. */
  bytes: number;
  seconds: number;
  timesFloor: number;
}

/** Multiply-adds that a sine with its cosine takes, and an exponential (native/cpu). */
const SINE_AND_COSINE = 16;
const EXPONENTIAL = 10;

/**
 * The least that a step of a network needs, of the network alone: the loss would come on top, and
 * of a KAN bases and SiLU.
 *
 * Operations, for every sample: an edge takes so many multiply-adds forward, as many for the
 * gradient of its weights, and as many for that of its input, which the first layer's inputs do
 * not need. Of a dense layer that is one, of complex numbers four (the last layer, of which only
 * the real part counts, two), of a KAN order + 2: the bases that are not zero, and the SiLU branch.
 * (That the bases sum to 1 makes an addition of one of these; it is counted all the same.) Sines
 * and wavelets are computed once, with their slopes; a rectifier is free.
 *
 * Bytes, in float32: forward and backward each read the encoded features (the loss, which needs all
 * samples, is between them); the amplitude and its gradient are each written and read once; AdamW
 * reads a parameter, its gradient and two moments and writes the parameter and the moments. What
 * passes between the layers could be computed again.
 *
 *     4 · (samples · (2 · features + 4) + 7 · parameters)
 */
export function stepFloor(
  network: Inr,
  samples: number,
  peak: Peak,
  secondsPerStep: number,
): Floor {
  const layers = edgesOf(network);
  const first = layers[0] as Layer;
  const all = layers.reduce((sum, { edges, cost }) => sum + edges * cost, 0);
  const hidden = layers.slice(0, -1).reduce((sum, { out }) => sum + out, 0);
  const activation = {
    siren: SINE_AND_COSINE,
    finer: SINE_AND_COSINE,
    wire: SINE_AND_COSINE + EXPONENTIAL,
  };
  const each = activation[network.kind as keyof typeof activation] ?? 0;
  const operations = samples * (3 * all - first.edges * first.cost + hidden * each);
  const features = first.edges / first.out;
  const bytes = 4 * (samples * (2 * features + 4) + 7 * network.parameterCount);
  const seconds = Math.max(
    (2 * operations) / (peak.peakGflops * 1e9),
    bytes / (peak.bandwidthGBs * 1e9),
  );
  return { operations, bytes, seconds, timesFloor: secondsPerStep / seconds };
}

interface Layer {
  edges: number;
  out: number;
  /** Multiply-adds an edge, sample and pass. */
  cost: number;
}

function edgesOf(network: Inr): Layer[] {
  const weight = network.kind === 'kan' ? 'base' : 'weight';
  const shapes = [...network.parameters()]
    .filter(([name]) => name.endsWith(`.${weight}`))
    .map(([, { shape }]) => shape as [number, number]);
  const order = (network.options as { order?: number }).order ?? 0;
  return shapes.map(([out, inputs], i) => {
    const complex = i === 0 ? 1 : i + 1 < shapes.length ? 4 : 2;
    const cost = { kan: order + 2, wire: complex }[network.kind as string] ?? 1;
    return { edges: out * inputs, out, cost };
  });
}
