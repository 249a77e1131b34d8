import { join } from 'node:path';
import {
  type BadFile,
  type PreparedSplit,
  type PrepareProgress,
  type PrepareResult,
  prepareCorpus,
} from '../data/index.js';
import { FewSoundError } from '../native/errors.js';
import { formatCount, formatSeconds } from '../report/numbers.js';
import { textTable } from '../report/text-table.js';
import type { CommandContext, CommandResult } from './command-context.js';
import { leftOutLines } from './left-out.js';
import type { PrepareRequest } from './prepare-command.js';
import { clock, showProgress } from './progress-bar.js';

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
