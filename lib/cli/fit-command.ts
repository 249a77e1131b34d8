import type { Command } from 'commander';
import { Option } from 'commander';
import { type CommandContext, type Execute, UsageError } from './command-context.js';
import { addModelFlags, KINDS, type Kind, modelOptions } from './model-flags.js';
import { integerFrom } from './option-parsing.js';
import { addRecordingFlags, type RecordingSettings, recordingSettings } from './recording-flags.js';
import { addTrainingFlags, type TrainingSettings, trainingSettings } from './training-flags.js';

/** A fit from its beginning. */
export interface FitRequest {
  readonly audio: string;
  readonly model: Kind;
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly recording: RecordingSettings;
  readonly training: TrainingSettings;
  /** Folder for the results. */
  readonly out?: string;
  /** Steps between two checkpoints; absent: one only when the fit is interrupted. */
  readonly checkpointEvery?: number;
}

/** A fit from where it was interrupted: what was set then, and what is to change. */
export interface ResumeRequest {
  /** The folder of the interrupted fit. */
  readonly folder: string;
  readonly audio?: string;
  readonly changes: {
    readonly steps?: number;
    readonly threads?: number;
    readonly checkpointEvery?: number;
  };
}

/** Options that make sense beside --resume; everything else is as it was. */
const WITH_RESUME = new Set(['resume', 'steps', 'threads', 'checkpointEvery', 'json', 'quiet']);

/** `fewsound fit`: declares it; the work is loaded when it is called. */
export function addFitCommand(program: Command, execute: Execute): void {
  const command = program
    .command('fit')
    .argument('[audio]', 'recording to learn: wav, flac, mp3, ogg or opus')
    .summary('fit a network to a recording')
    .description(
      'Fits a network to a recording and writes a folder with the reconstruction, the model and a report.',
    )
    .usage('AUDIO [options]\n       fewsound fit --resume DIR')
    .addOption(new Option('--model <name>', 'the network').choices(KINDS).default('kan'))
    .option('--out <folder>', 'folder for the results; default: fewsound-out/NAME-MODEL')
    .option('--resume <folder>', 'go on with the interrupted fit in this folder')
    .option(
      '--checkpoint-every <steps>',
      'save the state of the training this often',
      integerFrom(1),
    )
    .option('-q, --quiet', 'no progress on standard error');
  addRecordingFlags(command, { all: true });
  addTrainingFlags(command);
  addModelFlags(command);
  command.action((audio: string | undefined) =>
    execute(command, async (context: CommandContext) => {
      const { out, resume, checkpointEvery, model } = command.opts<{
        out?: string;
        resume?: string;
        checkpointEvery?: number;
        model: Kind;
      }>();
      if (resume !== undefined) {
        const request = resumeRequest(command, resume, audio);
        const { resumeFit } = await import('./fit.js');
        return resumeFit(request, context);
      }
      if (audio === undefined) throw new UsageError('missing the recording: fewsound fit AUDIO');
      const request: FitRequest = {
        audio,
        model,
        modelOptions: modelOptions(command, [model]).get(model) ?? {},
        recording: recordingSettings(command),
        training: trainingSettings(command),
        ...(out !== undefined && { out }),
        ...(checkpointEvery !== undefined && { checkpointEvery }),
      };
      const { startFit } = await import('./fit.js');
      return startFit(request, context);
    }),
  );
}

function resumeRequest(command: Command, folder: string, audio: string | undefined): ResumeRequest {
  const given = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const other = given.find((option) => !WITH_RESUME.has(option.attributeName()));
  if (other) {
    throw new UsageError(
      `${other.long} cannot change when a fit goes on; with --resume there can be --steps, --threads and --checkpoint-every.`,
    );
  }
  const changes = Object.fromEntries(
    ['steps', 'threads', 'checkpointEvery']
      .filter((name) => command.getOptionValueSource(name) === 'cli')
      .map((name) => [name, command.getOptionValue(name) as number]),
  );
  return { folder, changes, ...(audio !== undefined && { audio }) };
}
