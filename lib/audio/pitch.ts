import { addon } from '../addon/addon.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import type { PitchOptions } from '../options.generated.js';
import { fieldsOf, optionsObject, parseOptions, pitchRows, type Resolved } from '../options.js';
import { requireAudio } from './checks.js';
import type { Clip } from './clip.js';

export type { PitchOptions } from '../options.generated.js';

/** The pitch of a recording, frame by frame. */
export interface Pitch {
  /** [frames] seconds from the beginning of the recording; the first frame stands at 0. */
  readonly seconds: Float64Array;
  /** [frames] fundamental frequency, Hz; 0 where the frame is unvoiced. */
  readonly frequency: Float64Array;
  /**
   * [frames] how much of the frame is noise, 0 to 1: amplitude relative to the whole, a mean over
   * the frequencies; 1 (less 1e-12) where the frame is unvoiced. null where it was not asked for.
   * The periodicity is 1 less this.
   */
  readonly aperiodicity: Float64Array | null;
}

const schema = optionsObject(fieldsOf<Resolved<PitchOptions>>(pitchRows));

/** Below this rate there is nothing to compare the low frequencies' power with, Hz. */
const leastAperiodicityRate = 15_800;

/**
 * The pitch of a recording of one voice, as WORLD measures it: DIO (Morise, Kawahara and Katayose,
 * AES 35th international conference, 2009), refined by StoneMask, and the aperiodicity by D4C
 * (Morise, Speech Communication 84, 2016). Computed in float64 on a thread of its own, at the rate
 * of the clip; values and defaults are those of pyworld 0.3.5.
 *
 * Silence has no pitch: all its frames are unvoiced.
 *
 * @param clip 1,000 to 384,000 samples per second
 * @throws FewSoundError INVALID_ARGUMENT for an option or a rate out of range, a ceiling at or
 *   below the floor or at or above half the decimated rate, an aperiodicity at less than 15,800 Hz,
 *   NaN or infinite samples; AUDIO_TOO_SHORT for a clip without room for a voiced stretch; what
 *   loading LibTorch throws
 */
export async function pitch(clip: Clip, options: PitchOptions = {}): Promise<Pitch> {
  const parsed = parseOptions(schema, options, 'pitch options') as Resolved<PitchOptions>;
  requireAudio(clip?.samples, 'pitch');
  const { samples, sampleRate } = clip;
  requireSoundRate(sampleRate, parsed);
  const least = addon().leastPitchSamples(sampleRate, parsed);
  if (samples.length < least) {
    throw new FewSoundError(
      'AUDIO_TOO_SHORT',
      `pitch: the clip has ${samples.length} samples; to find a pitch of ${parsed.floor} Hz in ` +
        `frames of ${parsed.framePeriod} ms at ${sampleRate} Hz it needs ${least}. Take a longer ` +
        'clip, a higher floor or a shorter framePeriod.',
      { field: 'clip' },
    );
  }
  return addon().measurePitch(samples, sampleRate, parsed);
}

function requireSoundRate(
  rate: number,
  { floor, ceiling, decimation, aperiodicity }: Resolved<PitchOptions>,
): void {
  if (!Number.isInteger(rate) || rate < 1000 || rate > 384_000) {
    throw invalidArgument(
      'sampleRate',
      `pitch: sampleRate is ${rate}; expected a whole number of Hz from 1000 to 384000.`,
    );
  }
  if (ceiling <= floor) {
    throw invalidArgument(
      'ceiling',
      `pitch: ceiling is ${ceiling} Hz and floor ${floor} Hz; expected a ceiling above the floor.`,
    );
  }
  const highest = rate / decimation / 2;
  if (ceiling >= highest) {
    throw invalidArgument(
      'ceiling',
      `pitch: ceiling is ${ceiling} Hz; at ${rate} samples per second, of which DIO takes one in ` +
        `${decimation}, it must be below ${highest}. Lower it or the decimation.`,
    );
  }
  if (aperiodicity && rate < leastAperiodicityRate) {
    throw invalidArgument(
      'aperiodicity',
      `pitch: the aperiodicity needs ${leastAperiodicityRate} samples per second or more, and the ` +
        `clip has ${rate}. Resample it or set aperiodicity to false.`,
    );
  }
}
