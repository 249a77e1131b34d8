import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import {
  modelDifferences,
  type RecordingFilters,
  recordingDifference,
  recordingsToShow,
  responsesByClass,
  responsesToRecordings,
} from '../../../analysis/index.js';
import { defined } from '../../../options.js';
import { textTable } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import { defineCommand, UsageError, type Values } from '../../command.js';
import { argument, choice, flag, integerFrom, type Parser, positive } from '../../flags/parsers.js';
import { warnOfLeftOut } from '../../terminal/left-out.js';
import {
  type AnalyzedFilters,
  filtersOf,
  MODEL_ARGUMENT,
  outFlag,
  readAnalyzedModel,
  waveformFlags,
} from './model.js';
import { listRecordings, loadRecording } from './recordings.js';
import { type AnalyzedSpectra, writeSpectraFiles } from './spectra-files.js';

const pattern: Parser<RegExp> = (text) => {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression. ${(error as Error).message}`);
  }
};

const inputs = {
  model: argument('<model>', MODEL_ARGUMENT),
  paths: argument('<audio...>', 'recordings; a folder stands for those in it, which are one class'),
  ...waveformFlags,
  stride: flag('--stride <samples>', 'between two responses', integerFrom(1), 10),
  samples: flag(
    '--samples <count>',
    'cut recordings to so many samples, or fill them up with zeros; default: as they are',
    integerFrom(1),
  ),
  range: flag('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1),
  bins: flag('--bins <count>', 'frequencies, one less than there are', integerFrom(1), 512),
  axis: choice(
    '--axis <kind>',
    'frequencies in equal steps, or in equal ratios',
    ['fourier', 'log'],
    'fourier',
  ),
  lowest: flag('--lowest <hertz>', 'where the axis in equal ratios begins', positive(), 50),
  quality: flag(
    '--quality <periods>',
    'with --axis log: see filters through windows of so many periods, as a constant-Q transform',
    positive(),
  ),
  classBy: flag(
    '--class-by <pattern>',
    'the class of a recording: what the first group of this regular expression matches in its name',
    pattern,
  ),
  difference: flag('--difference', 'of two recordings: the first minus the second'),
  against: flag('--against <model>', 'another model: the difference of their responses'),
  out: outFlag,
};

type Given = Values<typeof inputs>;

/** Recordings whose course in time is kept and shown. */
const SHOWN = 12;

export const spectra = defineCommand({
  description:
    'Short-time and cumulative response spectra (STRS, CRS) of the filters that read the waveform: for each recording, for classes of recordings, and as a difference of two recordings or two models.',
  examples: [
    'fewsound analyze spectra model.pth speech.wav --sample-rate 16000 --out spectra',
    'fewsound analyze spectra model.pth one.wav two.wav --sample-rate 16000 --json',
  ],
  inputs,
  async run(given, context) {
    const { difference = false, paths, against, out, axis } = given;
    requireTwo(difference, paths);
    return scope(async () => {
      const model = await readAnalyzedModel(given.model);
      const other = against === undefined ? undefined : await readAnalyzedModel(against);
      const filters = filtersOf(model, given);
      const otherFilters = other && filtersOf(other, given);
      const { recordings, leftOut } = await listRecordings(paths, given.classBy);
      warnOfLeftOut(leftOut, context);
      requireTwo(difference, recordings);
      const readBy = (by: AnalyzedFilters): RecordingFilters => ({
        banks: by.banks,
        load: (index) =>
          loadRecording(nth(recordings, index).path, by, given.samples, context.signal),
      });

      const labels = recordings.map(({ label }) => label);
      const shown = recordingsToShow(labels, SHOWN);
      const { bins, range, lowest, quality } = given;
      const options = { bins, axis, range, lowest, quality };
      const found = await responsesToRecordings(readBy(filters), recordings.length, shown, options);
      const fileOf = (recording: number) => basename(nth(recordings, recording).path);
      const differences: AnalyzedSpectra['differences'][number][] = [];
      const [first, second] = found.shown;
      if (difference && first && second) {
        const name = `${fileOf(first.recording)} minus ${fileOf(second.recording)}`;
        differences.push({ name, ...recordingDifference(first, second) });
      }
      if (other && otherFilters) {
        const each = await modelDifferences(found.shown, readBy(otherFilters), options);
        for (const [i, { recording }] of found.shown.entries()) {
          const name = `${fileOf(recording)}: ${model.name} minus ${other.name}`;
          differences.push({ name, ...nth(each, i) });
        }
      }
      const analyzed: AnalyzedSpectra = {
        ...{ recordings, ...found, differences },
        classes: labels[0] === undefined ? [] : responsesByClass(found, labels as string[]),
        setting: settingOf(filters, given, other?.name),
      };
      const files =
        out === undefined ? undefined : await writeSpectraFiles(out, model.name, analyzed, axis);
      return {
        json: { ...jsonOf(given.model, analyzed, files), leftOut },
        text: describe(analyzed, files?.report),
      };
    });
  },
});

function requireTwo(difference: boolean, recordings: readonly unknown[]): void {
  if (!difference || recordings.length === 2) return;
  throw new UsageError(
    `--difference takes two recordings, but there are ${recordings.length}: fewsound analyze spectra MODEL FIRST SECOND --difference`,
  );
}

const nth = <T>(values: readonly T[], index: number): T => values[index] as T;

function settingOf(
  { layers, banks, sampleRate }: AnalyzedFilters,
  { stride, bins, axis, lowest, quality, range, samples }: Given,
  against: string | undefined,
): AnalyzedSpectra['setting'] {
  return {
    layers: banks.map(({ filters }, index) => ({
      name: nth(layers, index),
      filters: nth(filters.shape, 0),
      length: nth(filters.shape, 1),
    })),
    ...{ sampleRate, stride, bins, axis, range },
    ...(axis === 'log' && defined({ lowest, quality })),
    ...defined({ samples, against }),
  };
}

function jsonOf(
  model: string,
  { setting, frequencies, recordings, shown, crs, classes, differences }: AnalyzedSpectra,
  files: object | undefined,
): object {
  return {
    ...{ model, ...setting },
    frequencies: [...frequencies],
    recordings: recordings.map(({ path, label }, index) => ({
      file: path,
      frames: framesOf(shown, index),
      class: label,
      strongestHertz: strongest(nth(crs, index), frequencies),
      // Classes have their means; for thousands of recordings it would be a very long line.
      crs: label === undefined ? [...nth(crs, index)] : undefined,
    })),
    ...(classes.length > 0 && {
      classes: classes.map(({ label, count, mean, deviation }) => ({
        ...{ label, count, strongestHertz: strongest(mean, frequencies) },
        ...{ mean: [...mean], deviation: [...deviation] },
      })),
    }),
    ...(differences.length > 0 && {
      differences: differences.map(({ name, crs: difference }) => ({ name, crs: [...difference] })),
    }),
    files,
  };
}

/** The frames of a recording that is shown. */
function framesOf(shown: AnalyzedSpectra['shown'], index: number): number | undefined {
  return shown.find(({ recording }) => recording === index)?.times.length;
}

function strongest(crs: ArrayLike<number>, frequencies: Float64Array): number {
  let best = 0;
  for (let i = 0; i < crs.length; i++) if ((crs[i] as number) > (crs[best] as number)) best = i;
  return frequencies[best] as number;
}

function describe(
  { setting, frequencies, recordings, shown, crs, classes }: AnalyzedSpectra,
  report: string | undefined,
): string {
  const hertz = (values: ArrayLike<number>) => `${Math.round(strongest(values, frequencies))} Hz`;
  const inClasses = classes.length > 0;
  const rows = inClasses
    ? classes.map(({ label, count, mean }) => [label, String(count), hertz(mean)])
    : recordings.map(({ path }, index) => [
        basename(path),
        String(framesOf(shown, index) ?? ''),
        hertz(nth(crs, index)),
      ]);
  const table = textTable(
    [
      { title: inClasses ? 'Class' : 'Recording' },
      { title: inClasses ? 'Recordings' : 'Frames', align: 'right' },
      { title: 'Strongest response', align: 'right' },
    ],
    rows,
  );
  const layers = setting.layers
    .map(({ name, filters, length }) => `${name} (${filters} filters of ${length})`)
    .join(', ');
  const written = report
    ? `\nReport: ${report}`
    : '\n--out FOLDER writes the spectra, their pictures and a report.';
  return `${table}\n\nResponses of ${layers} at ${setting.sampleRate} Hz.${written}`;
}
