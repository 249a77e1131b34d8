import { join, resolve } from 'node:path';
import { corpusKinds } from '../../data/corpora/kinds.js';
import {
  type BadFile,
  type PreparedSplit,
  type PrepareProgress,
  type PrepareResult,
  prepareCorpus,
} from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import { formatCount, formatSeconds, textTable } from '../../report/text-table.js';
import { defineCommand, reworded } from '../command.js';
import {
  argument,
  choice,
  choiceArgument,
  flag,
  integerFrom,
  positive,
  quietFlag,
} from '../flags/parsers.js';
import { announce } from '../terminal/announce.js';
import { leftOutLines } from '../terminal/left-out.js';
import { clock, type ProgressFormat, withProgress } from '../terminal/progress.js';

/** Bad files that the text lists; the manifest and the JSON have all. */
const LISTED = 20;

export const prepare = defineCommand({
  description:
    'Resamples the recordings of a corpus, drops their beginning and cuts the rest into segments, for training and validation. The corpus is read in place and not changed. If interrupted, the same command resumes.',
  examples: [
    'fewsound prepare vctk VCTK-Corpus-0.92',
    'fewsound prepare folder recordings --sample-rate 16000 --out fewsound-out/mine',
  ],
  inputs: {
    corpus: choiceArgument('<corpus>', 'which corpus it is', corpusKinds),
    folder: argument('<dir>', 'the folder that the corpus was unpacked into'),
    out: flag('--out <folder>', 'folder for the result; default: fewsound-out/CORPUS'),
    sampleRate: flag('--sample-rate <hertz>', 'rate of the segments', integerFrom(1), 22_050),
    skipSeconds: flag(
      '--skip <seconds>',
      'dropped at the beginning of every recording',
      positive({ orZero: true }),
      0.5,
    ),
    segmentSamples: flag('--segment <samples>', 'length of a segment', integerFrom(2), 65_536),
    short: choice(
      '--short <what>',
      'recordings shorter than a segment: drop, or pad with zeros',
      ['drop', 'pad'],
      'drop',
    ),
    validationFraction: flag(
      '--validation <fraction>',
      'part of the recordings for validation (ljspeech and folder: 0.05; gtzan: 0.1; the others have a split of their own)',
      positive(),
    ),
    workers: flag(
      '--workers <n>',
      'threads; default: one for each processor, 8 at most',
      integerFrom(0),
    ),
    quiet: quietFlag,
  },
  async run({ quiet: _, ...given }, context) {
    const { corpus, folder, out = join('fewsound-out', corpus), ...settings } = given;
    announce(
      context,
      `${resolve(out)}: manifest.json and the segments`,
      'the same command goes on',
    );
    try {
      const result = await withProgress(context, '', PREPARE_PROGRESS, (progress) =>
        prepareCorpus({
          ...{ corpus, folder, out, ...settings, signal: context.signal },
          onProgress: (state) => progress.update(state),
        }),
      );
      return { json: result, text: resultText(result) };
    } catch (error) {
      if (!(error instanceof FewSoundError) || error.code !== 'ABORTED') throw error;
      throw reworded(
        error,
        `interrupted. To resume, give the same command again: fewsound prepare ${corpus} ${folder} --out ${out}, with the same options.`,
      );
    }
  },
});

const PREPARE_PROGRESS: ProgressFormat<PrepareProgress> = {
  position: ({ files, totalFiles }) => ({ done: files, total: totalFiles }),
  describe({ files, totalFiles, segments, badFiles, secondsLeft }) {
    const total = formatCount(totalFiles);
    return [
      `${formatCount(files).padStart(total.length)}/${total} files`,
      `${formatCount(segments)} segments`,
      ...(badFiles > 0 ? [`${formatCount(badFiles)} bad`] : []),
      `${clock(secondsLeft)} left`,
    ].join('  ');
  },
};

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
    ...(leftOut.length === 0 ? [] : ['', ...leftOutLines(leftOut)]),
  ].join('\n');
}

function badFilesText(badFiles: readonly BadFile[]): string[] {
  if (badFiles.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { problem } of badFiles) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  const kinds = [...counts].map(([problem, count]) => `${formatCount(count)} ${problem}`);
  // Some corpora have many short ones, which need no attention: faulty ones come first.
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

const rank = ({ problem }: BadFile): number => (problem === 'short' ? 1 : 0);
