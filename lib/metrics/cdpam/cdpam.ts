import { z } from 'zod';
import { addon } from '../../addon/addon.js';
import type { CdpamHandle } from '../../addon/measures.js';
import { resample } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { anySampleRateField, parseOptions } from '../../options.js';
import { readSafetensors, scope, tensor } from '../../tensor/index.js';
import { handleOf } from '../../tensor/tensor.js';
import { defineMetric } from '../metric.js';
import { AUDIBLE_RATES, requireRate, type Signal, signalPair } from '../signal-pair.js';
import { Turns } from '../turns.js';
import { cdpamWeightsPath, isCdpamSetUp, weightNames } from './cdpam-package.js';

export interface CdpamOptions {
  /** Samples per second, Hz. Needed when neither signal is a clip. */
  sampleRate?: number;
}

const optionsSchema = z.strictObject({ sampleRate: anySampleRateField.optional() });

/** The rate that the network was trained at, Hz. */
const RATE = 22_050;

/** One pair at a time has all threads: side by side they would only share them. */
const turns = new Turns(1);

let network: { path: string; handle: Promise<CdpamHandle> } | undefined;

/**
 * CDPAM (Manocha, Jin, Zhang and Finkelstein, ICASSP 2021): a distance of sounds by a network that
 * learned from listeners' judgments. It is the published network, of the Python package `cdpam`
 * 0.0.6, whose weights `fewsound setup cdpam` fetches; distances are that package's to 1e-4.
 * Computed in float32 at 22,050 Hz, samples rounded to 16 bits, on a thread of its own; signals of
 * another rate are resampled. It takes seconds for a second and a half of sound on two cores.
 *
 * @returns 0 for equal signals, the larger the farther; null where the samples are so large that
 *   float32 overflows
 * @throws FewSoundError NOT_SET_UP before `fewsound setup cdpam`; SHAPE_MISMATCH for unequal
 *   lengths, AUDIO_EMPTY for no samples, INVALID_ARGUMENT for NaN or infinite samples and a rate
 *   that is missing, no whole number, or not the same for both; what loading LibTorch throws
 */
export async function cdpam(
  reference: Signal,
  degraded: Signal,
  options: CdpamOptions = {},
): Promise<number | null> {
  const { sampleRate } = parseOptions(optionsSchema, options, 'cdpam options');
  const pair = signalPair(reference, degraded);
  const rate = requireRate('CDPAM', AUDIBLE_RATES, [reference, degraded, sampleRate]);
  const handle = await loadNetwork();
  const at22050 = (signal: Float32Array) => (rate === RATE ? signal : resample(signal, rate, RATE));
  const distance = await turns.take(() =>
    scope(() =>
      addon().measureCdpam(
        handle,
        handleOf(tensor(at22050(pair.reference))),
        handleOf(tensor(at22050(pair.degraded))),
      ),
    ),
  );
  return Number.isFinite(distance) ? distance : null;
}

export const cdpamMetric = defineMetric({
  name: 'cdpam',
  title: 'CDPAM',
  better: 'lower',
  meaning: 'perceptual distance that a network learned from listeners',
  paperColumn: 7,
  // It takes seconds for each segment, and minutes for sounds longer than this.
  leftOutOf: 'validations',
  needs: {
    addon: true,
    sampleRates: AUDIBLE_RATES,
    setup: { name: 'cdpam', isDone: isCdpamSetUp },
    worker: 'thread',
    longest: 30,
  },
  measure: cdpam,
});

/** The network, read at the first call. */
function loadNetwork(): Promise<CdpamHandle> {
  const path = cdpamWeightsPath();
  if (network?.path === path) return network.handle;
  const handle = readNetwork(path);
  network = { path, handle };
  // What failed may be mended before the next call.
  handle.catch(() => {
    network = undefined;
  });
  return handle;
}

async function readNetwork(path: string): Promise<CdpamHandle> {
  if (!isCdpamSetUp()) {
    throw new FewSoundError(
      'NOT_SET_UP',
      "CDPAM is not set up here. Run `npx fewsound setup cdpam`, which fetches the network's weights with pip.",
    );
  }
  return scope(async () => {
    const { tensors } = await readSafetensors(path);
    const weights = weightNames().map((name) => {
      const weight = tensors.get(name);
      if (weight === undefined) {
        throw new FewSoundError(
          'FILE_FORMAT',
          `${path}: the tensor ${name} is missing. Run \`npx fewsound setup cdpam --force\` to fetch it again.`,
        );
      }
      return handleOf(weight);
    });
    return addon().createCdpam(weights);
  });
}
