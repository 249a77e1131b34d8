import { threads } from '../tensor/index.js';
import { processor } from './machine.js';
import { versions } from './versions.js';

/** Facts of a report: groups of names and values. */
export type Facts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Options of a training that belong to a call of it and are no setting. */
const OF_THE_CALL = new Set([
  ...['folder', 'resume', 'group', 'signal'],
  ...['onProgress', 'onValidation', 'onWarning'],
]);

/** The options of a training as its report has them. */
export function settingsOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !OF_THE_CALL.has(name)));
}

/**
 * What the report of a run says beside the run itself: its comment before, machine and versions after it.
 *
 * @param own of the run, in the order of the page
 * @param machine where it ran; `threads` where it was held to a number of them
 */
export function runFacts(
  { comment }: { readonly comment?: string | undefined },
  own: Facts,
  machine: {
    readonly device: string;
    readonly threads?: number | undefined;
    readonly processes?: number;
  },
): { readonly facts: Facts; readonly version?: string } {
  const { fewsound, ...others } = versions();
  return {
    facts: {
      ...(comment !== undefined && { About: { comment } }),
      ...own,
      Machine: {
        device: machine.device,
        processor: processor().name,
        threads: machine.threads ?? threads(),
        ...(machine.processes !== undefined && { processes: machine.processes }),
      },
      Versions: { fewsound, ...others },
    },
    ...(fewsound !== undefined && { version: fewsound }),
  };
}
