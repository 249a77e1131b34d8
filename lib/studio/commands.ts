// What the studio asks of the command line: it has the flags, their checks and the folder of a run.

import type { Forms, Stretch } from './protocol.js';
import type { WatchFits } from './watch.js';

/** A fit as the page asks for it, options as they are typed. */
export interface FitRequest {
  readonly audio: string;
  readonly stretch: Stretch;
  readonly kind: string;
  readonly recipe?: string | undefined;
  readonly network: Readonly<Record<string, string>>;
  readonly training: Readonly<Record<string, string>>;
}

/** What a run leaves. */
export type RunFile =
  | 'report'
  | 'model'
  | 'reconstruction'
  | 'original'
  | 'metrics'
  | 'config'
  | 'log';

/** What `fewsound analyze` can show of a model. */
export type Analysis = 'geometry' | 'wigner' | 'spectra';

/**
 * `fewsound analyze`, in this process.
 *
 * @param model path of its file
 * @param out folder for the report
 * @returns the path of the report, and of filters the rate that they hear, Hz
 * @throws FewSoundError what the command reports
 */
export type AnalyzeCommand = (
  analysis: Analysis,
  model: string,
  out: string,
  options: {
    readonly recording?: string;
    readonly sampleRate?: number;
    /** Of the recording, from its beginning. */
    readonly samples?: number;
  },
) => Promise<{ readonly report: string; readonly sampleRate?: number }>;

/** The command `fit`, in this process. */
export interface FitCommand {
  readonly forms: Forms;
  /** The files of a run by role, as they are called in its folder. */
  readonly files: Readonly<Record<RunFile, string>>;
  /**
   * The arguments of `fewsound` for a fit.
   *
   * @throws FewSoundError INVALID_ARGUMENT for an option that there is not
   */
  argumentsOf(request: FitRequest): string[];
  /** The same in TypeScript. */
  programOf(request: FitRequest): string;
  /**
   * Fits.
   *
   * @throws FewSoundError what the command reports, an option by its name in the forms; ABORTED where the signal stops it, with what
   *   is needed to go on in its folder
   */
  run(
    arguments_: readonly string[],
    options: { readonly signal: AbortSignal; readonly watch: WatchFits },
  ): Promise<void>;
}

/** What a studio can do, by the command line. */
export interface StudioCommands {
  readonly fits: FitCommand;
  readonly analyze: AnalyzeCommand;
}
