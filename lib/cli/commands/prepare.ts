import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { type CorpusKind, corpusKinds } from '../../data/corpora/kinds.js';
import {
  type BadFile,
  type PreparedSplit,
  type PrepareProgress,
  type PrepareResult,
  prepareCorpus,
} from '../../data/index.js';
import type { PrepareOptions } from '../../data/prepare-options.js';
import { FewSoundError } from '../../errors.js';
import { formatCount, formatSeconds, textTable } from '../../report/text-table.js';
import type { CommandContext, CommandResult, Execute } from '../command.js';
import { integerFrom, positive } from '../flags/parsers.js';
import { leftOutLines } from '../terminal/left-out.js';
import { clock, showProgress } from '../terminal/progress.js';

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

/** Bad files that are listed for people; all are in the manifest and in the JSON. */
const LISTED = 20;

/** Prepares a corpus: `fewsound prepare CORPUS DIR`. */
export async function prepare(
  { corpus, folder, out = join('fewsound-out', corpus), settings }: PrepareRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const progress = await showProgress<PrepareProgress>(context, '', {
    position: ({ files, totalFiles }) => ({ done: files, total: totalFiles }),
    describe,
  });
  try {
    const result = await prepareCorpus({
      corpus,
      folder,
      out,
      ...settings,
      signal: context.signal,
      onProgress: (state) => progress.update(state),
    });
    progress.stop();
    return { json: result, text: resultText(result) };
  } catch (error) {
    progress.stop();
    if (!(error instanceof FewSoundError) || error.code !== 'ABORTED') throw error;
    throw new FewSoundError(
      'ABORTED',
      `interrupted. To go on, give the same command again: fewsound prepare ${corpus} ${folder} --out ${out}, with the options that it had.`,
      { cause: error },
    );
  }
}

function describe({ files, totalFiles, segments, badFiles, secondsLeft }: PrepareProgress): string {
  const total = formatCount(totalFiles);
  return [
    `${formatCount(files).padStart(total.length)}/${total} files`,
    `${formatCount(segments)} segments`,
    ...(badFiles > 0 ? [`${formatCount(badFiles)} bad`] : []),
    `${clock(secondsLeft)} left`,
  ].join('  ');
}

function resultText(result: PrepareResult): string {
  const { folder, sampleRate, segmentSamples, train, validation, badFiles, leftOut, seconds } =
    result;
  const row = (name: string, split: PreparedSplit) => [
    name,
    formatCount(split.files),
    formatCount(split.segments),
    formatSeconds(split.seconds),
  ];
  const table = textTable(
    [
      { title: '' },
      { title: 'files', align: 'right' },
      { title: 'segments', align: 'right' },
      { title: 'sound', align: 'right' },
    ],
    [row('training', train), row('validation', validation)],
  );
  return [
    table,
    '',
    `Segments of ${formatCount(segmentSamples)} samples at ${formatCount(sampleRate)} Hz, in ${formatSeconds(seconds)}: ${folder}`,
    ...badFilesText(badFiles),
    ...leftOutText(leftOut),
  ].join('\n');
}

function badFilesText(badFiles: readonly BadFile[]): string[] {
  if (badFiles.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { problem } of badFiles) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  const kinds = [...counts].map(([problem, count]) => `${formatCount(count)} ${problem}`);
  // Short ones are many in some corpora, and nothing to look into: those that are wrong come first.
  const order = [...badFiles].sort((a, b) => rank(a) - rank(b));
  const listed = order
    .slice(0, LISTED)
    .map(({ name, problem, message }) => `  ${problem.padEnd(10)}  ${name}: ${message}`);
  const more = badFiles.length - listed.length;
  return [
    '',
    `${formatCount(badFiles.length)} recording${badFiles.length === 1 ? '' : 's'} gave no segment (${kinds.join(', ')}):`,
    ...listed,
    ...(more > 0 ? [`  and ${formatCount(more)} more; all are in manifest.json`] : []),
  ];
}

function leftOutText(leftOut: PrepareResult['leftOut']): string[] {
  return leftOut.length === 0 ? [] : ['', ...leftOutLines(leftOut)];
}

const rank = ({ problem }: BadFile): number => (problem === 'short' ? 1 : 0);
