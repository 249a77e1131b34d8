import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { type Execute, UsageError } from './command-context.js';
import { addModelFlags, KINDS, type Kind, modelOptions } from './model-flags.js';
import { namesOf } from './option-parsing.js';
import { addRecordingFlags, type RecordingSettings, recordingSettings } from './recording-flags.js';
import { addTrainingFlags, type TrainingSettings, trainingSettings } from './training-flags.js';

/** Several networks, one recording. */
export interface CompareRequest {
  /** Or a folder of recordings. */
  readonly audio: string;
  /** Options of each network, in the order of the table. */
  readonly models: ReadonlyMap<Kind, Readonly<Record<string, unknown>>>;
  readonly recording: RecordingSettings & { readonly samples: number };
  readonly training: TrainingSettings;
  readonly out?: string;
  /** Go on with an interrupted comparison of a folder. */
  readonly resume: boolean;
}

/** `fewsound compare`: declares it; the work is loaded when it is called. */
export function addCompareCommand(program: Command, execute: Execute): void {
  const command = program
    .command('compare')
    .argument('<audio>', 'recording to learn: wav, flac, mp3, ogg or opus; or a folder of them')
    .summary('fit several networks to one recording, or to many, and compare them')
    .description(
      'Fits each network to the recording with the same steps and seed, prints one table of metrics and writes one report with the spectrograms side by side. Of a folder, every recording in it and below it is learned, and the table has means and standard deviations.',
    )
    .option('--models <names>', 'the networks, with commas between', namesOf(KINDS), [...KINDS])
    .option('--out <folder>', 'folder for the results; default: fewsound-out/NAME-comparison')
    .option('--resume', 'go on with the interrupted comparison of a folder, all else as it was')
    .option('-q, --quiet', 'no progress on standard error');
  addRecordingFlags(command, { all: false });
  addTrainingFlags(command);
  addModelFlags(command);
  command.action((audio: string) =>
    execute(command, async (context) => {
      const { models, out, resume } = command.opts<{
        models: Kind[];
        out?: string;
        resume?: true;
      }>();
      const request: CompareRequest = {
        audio,
        models: modelOptions(command, models),
        recording: recordingSettings(command) as CompareRequest['recording'],
        training: trainingSettings(command),
        resume: resume ?? false,
        ...(out !== undefined && { out }),
      };
      if (statSync(audio, { throwIfNoEntry: false })?.isDirectory()) {
        const { compareFolder } = await import('./compare-folder.js');
        return compareFolder(request, context);
      }
      if (request.resume) {
        throw new UsageError(`--resume is for a folder of recordings; ${audio} is none.`);
      }
      const { compare } = await import('./compare.js');
      return compare(request, context);
    }),
  );
}
