import { type ErrorCode, FewSoundError } from '../errors.js';

const told = new Set<string>();

/** A warning of the process (`process.on('warning')`, by default on standard error), once for each message. */
export function warnOnce(code: string, message: string): void {
  if (told.has(message)) return;
  told.add(message);
  process.emitWarning(message, { type: 'FewSoundWarning', code });
}

/** The signals have no score, by the definition of the metric. */
const UNDEFINED: readonly ErrorCode[] = ['NO_UTTERANCE', 'AUDIO_TOO_SHORT'];
/** Something is missing or broke; the other columns of a table are not to be lost for it. */
const MISSING: readonly ErrorCode[] = ['NOT_SET_UP', 'WORKER'];

/** A score, or null where there is none; where that can be mended, with a warning that says how. */
export async function orNull(score: Promise<number | null>): Promise<number | null> {
  try {
    return await score;
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
    if (UNDEFINED.includes(error.code)) return null;
    if (!MISSING.includes(error.code)) throw error;
    warnOnce(error.code, error.message);
    return null;
  }
}
