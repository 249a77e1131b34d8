/** What went wrong, in a word that programs can compare. Messages may change; codes do not. */
export type ErrorCode =
  /** An argument or option is not what was expected; `field` names it. */
  | 'INVALID_ARGUMENT'
  /** Shapes or lengths do not go together; `shapes` has them where tensors took part. */
  | 'SHAPE_MISMATCH'
  /** A tensor's dtype is not what was expected. */
  | 'DTYPE_MISMATCH'
  /** A tensor or a model was used after its disposal. */
  | 'DISPOSED'
  /** There is no LibTorch, or the one that was found cannot be loaded. */
  | 'LIBTORCH_NOT_FOUND'
  /** The LibTorch that was asked for is of a version that there is no core for. */
  | 'LIBTORCH_VERSION'
  /** There is no native addon, or no core, that runs on this machine. */
  | 'ADDON_NOT_FOUND'
  /** What `fewsound setup NAME` brings is missing, or could not be fetched. */
  | 'NOT_SET_UP'
  /** This machine, or its LibTorch, has no such device or backend. */
  | 'DEVICE_UNAVAILABLE'
  /** Memory of the machine or of the device ran out. */
  | 'OUT_OF_MEMORY'
  /** There is no such file or folder. */
  | 'FILE_NOT_FOUND'
  /** A file is damaged, or not of the format that was expected. */
  | 'FILE_FORMAT'
  /** A recording or a corpus has no samples. */
  | 'AUDIO_EMPTY'
  /** A recording has too few samples for what is asked of it. */
  | 'AUDIO_TOO_SHORT'
  /** PESQ found no speech to compare. */
  | 'NO_UTTERANCE'
  /** A file or folder could not be read or written. */
  | 'IO'
  /** Work was stopped by its signal; the error's name is AbortError. */
  | 'ABORTED'
  /** The loss, or its gradients, did not stay finite. */
  | 'DIVERGED'
  /** A process of a group failed or is gone. */
  | 'PROCESS_GROUP'
  /** A worker thread or process ended, or failed at its task. */
  | 'WORKER'
  /** An operator of LibTorch refused what it was given; `operator` names it. */
  | 'OPERATOR'
  /** Something inside fewsound failed: worth a report. */
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
