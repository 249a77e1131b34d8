/** What went wrong, in a word that programs can compare. Messages may change; codes do not. */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'SHAPE_MISMATCH'
  | 'DTYPE_MISMATCH'
  | 'DISPOSED'
  | 'LIBTORCH_NOT_FOUND'
  | 'LIBTORCH_VERSION'
  | 'ADDON_NOT_FOUND'
  | 'NOT_SET_UP'
  | 'DEVICE_UNAVAILABLE'
  | 'OUT_OF_MEMORY'
  | 'FILE_NOT_FOUND'
  | 'FILE_FORMAT'
  | 'AUDIO_EMPTY'
  | 'AUDIO_TOO_SHORT'
  | 'NO_UTTERANCE'
  | 'IO'
  | 'ABORTED'
  | 'DIVERGED'
  | 'PROCESS_GROUP'
  | 'WORKER'
  | 'OPERATOR'
  | 'INTERNAL';

/** What an error knows beside its message. */
export interface FewSoundErrorDetails {
  /** The operator that failed. */
  operator?: string;
  /** Shapes of the tensors or arrays that took part. */
  shapes?: number[][];
  /** The argument or option at fault. */
  field?: string;
  /** The C++ stack, where the error comes from there; a function makes it when it is asked for. */
  nativeBacktrace?: string | (() => string);
  /** The error or the abort reason behind this one. */
  cause?: unknown;
}

/** Every error that fewsound throws on purpose. */
export class FewSoundError extends Error {
  readonly code: ErrorCode;
  declare readonly operator?: string;
  declare readonly shapes?: number[][];
  declare readonly field?: string;
  declare readonly nativeBacktrace?: string;

  constructor(code: ErrorCode, message: string, details: FewSoundErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    // Fetch and the timers call an abort so; code that looks for the name works here as well.
    this.name = code === 'ABORTED' ? 'AbortError' : 'FewSoundError';
    this.code = code;
    if (details.operator !== undefined) this.operator = details.operator;
    if (details.shapes !== undefined) this.shapes = details.shapes;
    if (details.field !== undefined) this.field = details.field;
    if (details.nativeBacktrace !== undefined) {
      const { nativeBacktrace: backtrace } = details;
      // Not enumerable: printing the error shows what a person needs, and the C++ stack is there
      // for the asking.
      Object.defineProperty(
        this,
        'nativeBacktrace',
        typeof backtrace === 'string' ? { value: backtrace } : { get: backtrace },
      );
    }
  }
}

/** The error for an argument or option that is not what was expected; `field` names it. */
export function invalidArgument(field: string, message: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', message, { field });
}

/**
 * The error of work that a signal stopped.
 *
 * @param message what was stopped, as a sentence
 */
export function abortError(signal: AbortSignal | undefined, message: string): FewSoundError {
  return new FewSoundError('ABORTED', message, { cause: signal?.reason });
}

/**
 * @param message what was stopped, as a sentence
 * @throws FewSoundError ABORTED once the signal is aborted
 */
export function throwIfAborted(signal: AbortSignal | undefined, message: string): void {
  if (signal?.aborted) throw abortError(signal, message);
}
