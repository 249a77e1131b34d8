import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    output(process.env.CXX ?? 'c++', [...flags, source, '-o', program]);
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

/** A KAN in a step of its training. */
export interface KanStepSize {
  /** From the encoded features to the amplitude. */
  widths: readonly number[];
  order: number;
  samples: number;
  parameters: number;
}

/** Below which no step can come, and how far one is from it. */
export interface Floor extends Peak {
  /** Multiply-adds. */
  operations: number;
  /** Between processor and memory. */
  bytes: number;
  seconds: number;
  timesFloor: number;
}

/**
 * The least that a step needs, of the network alone: bases, SiLU and the loss would come on top.
 *
 * Operations: an edge has order + 1 bases that are not zero, and the SiLU branch: order + 2
 * multiply-adds a sample forward, as many for the gradient of its weights, and as many for that of
 * its input, which the first layer's inputs do not need. (That the bases sum to 1 makes an addition
 * of one of these multiply-adds; it is counted all the same.)
 *
 *     samples · (order + 2) · (2 · Σ edges + Σ edges after the first layer)
 *
 * Bytes, in float32: forward and backward each read the encoded features (the loss, which needs all
 * samples, is between them); the amplitude and its gradient are each written and read once; AdamW
 * reads a parameter, its gradient and two moments and writes the parameter and the moments. What
 * passes between the layers could be computed again.
 *
 *     4 · (samples · (2 · features + 4) + 7 · parameters)
 */
export function kanFloor(size: KanStepSize, peak: Peak, secondsPerStep: number): Floor {
  const { widths, order, samples, parameters } = size;
  const edges = widths.slice(1).map((out, layer) => out * (widths[layer] as number));
  const all = edges.reduce((sum, each) => sum + each, 0);
  const operations = samples * (order + 2) * (3 * all - (edges[0] as number));
  const bytes = 4 * (samples * (2 * (widths[0] as number) + 4) + 7 * parameters);
  const seconds = Math.max(
    (2 * operations) / (peak.peakGflops * 1e9),
    bytes / (peak.bandwidthGBs * 1e9),
  );
  return { operations, bytes, ...peak, seconds, timesFloor: secondsPerStep / seconds };
}
