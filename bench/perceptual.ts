import { cdpam, estoi, pesq, stoi } from '../lib/metrics/index.js';
import { setThreads } from '../lib/tensor/index.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';

interface Settings {
  rounds: number;
  threads: number;
}

type Measure = (
  reference: Float32Array,
  degraded: Float32Array,
  options: { sampleRate: number },
) => Promise<number | null>;

/** Lengths of the pairs, seconds: the paper's clip, and a sentence. */
const SECONDS = [1.5, 10];

/** PESQ in its process, after `fewsound setup pesq`; the peer is the Python package `pesq`. */
export const pesqBenchmark = (settings: Settings) =>
  perceptual('pesq', { pesq }, 16_000, 5, settings);

/** STOI and its extended form; the peer is `pystoi`. */
export const stoiBenchmark = (settings: Settings) =>
  perceptual('stoi', { stoi, estoi }, 22_050, 10, settings);

/** CDPAM, after `fewsound setup cdpam`; the peer is the Python package `cdpam`. */
export const cdpamBenchmark = (settings: Settings) =>
  perceptual('cdpam', { cdpam }, 22_050, 1, settings);

/**
 * Seconds a pair, in turn with the Python package, of which FEWSOUND_PYTHON must have it. One pair
 * after the other: what several at once gain is not in the figure.
 */
async function perceptual(
  benchmark: string,
  measures: Readonly<Record<string, Measure>>,
  sampleRate: number,
  pairs: number,
  { rounds, threads }: Settings,
) {
  setThreads(threads);
  const results: Record<string, object> = {};
  for (const seconds of SECONDS) {
    const samples = Math.round(seconds * sampleRate);
    const [reference, degraded] = signals(samples, sampleRate);
    for (const [name, measure] of Object.entries(measures)) {
      const options = { sampleRate };
      const score = await measure(reference, degraded, options);
      const peer = await Peer.start('perceptual.py', [name, samples, sampleRate, threads, pairs]);
      const times = await inTurn(rounds, {
        ours: async () => {
          const start = performance.now();
          for (let i = 0; i < pairs; i++) await measure(reference, degraded, options);
          return (performance.now() - start) / 1000 / pairs;
        },
        package: async () => (await peer.round()).seconds,
      });
      peer.stop();
      const [own, other] = [median(times.ours), median(times.package)];
      results[`${name} ${seconds} s`] = {
        secondsPerPair: { ours: own, package: other },
        ratio: other / own,
        score: { ours: score, package: peer.facts.score },
      };
    }
  }
  return { benchmark, sampleRate, rounds, threads, ...machine(), results };
}

/**
 * Pulses and noise in syllables, and the same with more noise: the signals of peers/perceptual.py.
 */
function signals(samples: number, rate: number): [Float32Array, Float32Array] {
  const first = noise(1);
  const second = noise(2);
  const reference = Float32Array.from({ length: samples }, (_, i) => {
    const pulse = i % Math.floor(rate / 100) < Math.floor(rate / 400) ? 0.5 : -0.2;
    const syllable = i % Math.floor(rate / 3) < Math.floor(rate / 4) ? 1 : 0.01;
    return syllable * (pulse + 0.2 * first());
  });
  return [reference, reference.map((value) => value + 0.05 * second())];
}

function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
