import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { type CorpusKind, corpusKinds } from '../data/corpora/kinds.js';
import type { PrepareOptions } from '../data/prepare-options.js';
import type { Execute } from './command-context.js';
import { integerFrom, positive } from './option-parsing.js';

/** A corpus to prepare. */
export interface PrepareRequest {
  readonly corpus: CorpusKind;
  readonly folder: string;
  /** Folder for the result. */
  readonly out?: string;
  /** As the options of `prepareCorpus`; those that are absent have its defaults. */
  readonly settings: Pick<
    PrepareOptions,
    'sampleRate' | 'skipSeconds' | 'segmentSamples' | 'short' | 'validationFraction' | 'workers'
  >;
}

interface PrepareFlags {
  readonly out?: string;
  readonly sampleRate: number;
  readonly skip: number;
  readonly segment: number;
  readonly short: 'drop' | 'pad';
  readonly validation?: number;
  readonly workers?: number;
}

/** `fewsound prepare`: declares it; the work is loaded when it is called. */
export function addPrepareCommand(program: Command, execute: Execute): void {
  const command = program
    .command('prepare')
    .addArgument(new Argument('<corpus>', 'which corpus it is').choices(corpusKinds))
    .argument('<dir>', 'the folder that the corpus was unpacked into')
    .summary('prepare a corpus for training')
    .description(
      'Resamples the recordings of a corpus, drops their beginning and cuts the rest into segments, for training and validation. The corpus is read in place and not changed. Interrupted, the same command goes on.',
    )
    .option('--out <folder>', 'folder for the result; default: fewsound-out/CORPUS')
    .option('--sample-rate <hertz>', 'rate of the segments', integerFrom(1), 22_050)
    .option(
      '--skip <seconds>',
      'dropped at the beginning of every recording',
      positive({ orZero: true }),
      0.5,
    )
    .option('--segment <samples>', 'length of a segment', integerFrom(2), 65_536)
    .addOption(
      new Option('--short <what>', 'recordings shorter than a segment: drop, or pad with zeros')
        .choices(['drop', 'pad'])
        .default('drop'),
    )
    .option(
      '--validation <fraction>',
      'part of the recordings for validation (ljspeech and folder: 0.05; gtzan: 0.1; the others have a division of their own)',
      positive(),
    )
    .option('--workers <n>', 'threads; default: one for each processor, 8 at most', integerFrom(0))
    .option('-q, --quiet', 'no progress on standard error');
  command.action((corpus: CorpusKind, folder: string) =>
    execute(command, async (context) => {
      const flags = command.opts<PrepareFlags>();
      const { out, sampleRate, skip, segment, short, validation, workers } = flags;
      const { prepare } = await import('./prepare.js');
      return prepare(
        {
          corpus,
          folder,
          ...(out !== undefined && { out }),
          settings: {
            sampleRate,
            skipSeconds: skip,
            segmentSamples: segment,
            short,
            ...(validation !== undefined && { validationFraction: validation }),
            ...(workers !== undefined && { workers }),
          },
        },
        context,
      );
    }),
  );
}
