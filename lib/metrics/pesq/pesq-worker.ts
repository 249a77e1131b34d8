// The program of a process that computes PESQ and nothing else. The reference's C code keeps global
// state and may crash or hang on odd input: it takes this process with it, and Node only hears of
// it.

import { pesqLibrary } from '../../addon/addon.js';
import { resample } from '../../audio/index.js';

/** One pair to measure; the signals are [samples]. */
export interface PesqJob {
  readonly library: string;
  readonly reference: Float32Array;
  readonly degraded: Float32Array;
  readonly sampleRate: number;
  /** 8000 or 16000; signals of another rate are resampled to it. */
  readonly measuredAt: number;
  readonly wideBand: boolean;
  /** The process ends after that. */
  readonly seconds: number;
}

/** `error` is the package's code, 0 for none; `failure` says why the library was not called. */
export type PesqAnswer =
  | { readonly error: number; readonly score: number }
  | { readonly failure: string };

/** The package's code for signals without speech. */
const NO_UTTERANCE = -7;

function measure({ library, sampleRate, measuredAt, wideBand, seconds, ...pair }: PesqJob) {
  const [reference, degraded] = [pair.reference, pair.degraded].map((signal) =>
    sampleRate === measuredAt ? signal : resample(signal, sampleRate, measuredAt),
  ) as [Float32Array, Float32Array];
  const peak = Math.max(largest(reference), largest(degraded));
  // Nothing is left of what lies above the band.
  if (peak === 0) return { error: NO_UTTERANCE, score: 0 };
  for (const signal of [reference, degraded]) {
    for (let i = 0; i < signal.length; i++) signal[i] = (signal[i] as number) / peak;
  }
  return pesqLibrary().measurePesq(library, measuredAt, wideBand, reference, degraded, seconds);
}

function largest(signal: Float32Array): number {
  let peak = 0;
  // By index: an iterator takes a twentieth of what the whole measurement does.
  for (let i = 0; i < signal.length; i++) peak = Math.max(peak, Math.abs(signal[i] as number));
  return peak;
}

function answer(job: PesqJob): PesqAnswer {
  try {
    return measure(job);
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

// Without a parent there is no work.
if (process.send !== undefined) {
  process.on('message', (job: PesqJob) => process.send?.(answer(job)));
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches all processes of a terminal; the parent decides what it means.
  process.on('SIGINT', () => {});
}
