import { cumulativeResponses, waveformFilters } from '../analysis/index.js';
import { type CrossValidation, crossValidateSvm } from '../analysis/svm/index.js';
import {
  type ClassSource,
  LabelledClips,
  type LabelledFiles,
  listClasses,
  takeOfEachClass,
} from '../data/index.js';
import { FewSoundError } from '../native/errors.js';
import { formatCount } from '../report/numbers.js';
import { scope } from '../tensor/index.js';
import type { ClassifyRequest } from './analyze-classify-command.js';
import { hearingLayers, hearingRate, ofModel, readAnalyzedModel } from './analyzed-model.js';
import { confusionTable } from './classifier-text.js';
import type { CommandContext, CommandResult } from './command-context.js';
import { warnOfLeftOut } from './left-out.js';
import { showProgress } from './progress-bar.js';

/** Recordings whose responses are computed at once. */
const AT_ONCE = 64;

/** A support vector machine on cumulative response spectra: `fewsound analyze classify`. */
export async function analyzeClassify(
  request: ClassifyRequest,
  context: CommandContext,
): Promise<CommandResult> {
  return scope(async () => {
    const model = await readAnalyzedModel(request.model);
    const layers = hearingLayers(model, request.layer);
    const { sampleRate } = hearingRate(model, request.sampleRate);
    const { banks } = ofModel(model.name, () =>
      waveformFilters(model.state, { layer: layers, stride: request.stride, sampleRate }),
    );
    const { leftOut, ...all } = await listClasses(sourceOf(request));
    warnOfLeftOut(leftOut, context);
    const listed = takeOfEachClass(all, request);
    const labels = listed.files.map(({ label }) => label);
    const found = await withDisplay(context, async (show) => {
      const features = await responsesOf(listed, banks, sampleRate, request, context, show);
      const { folds, degree, cost, seed, workers } = request;
      show('folds', 0, folds);
      return crossValidateSvm(features, labels, listed.labels, {
        ...{ folds, degree, cost, seed, ...(workers !== undefined && { workers }) },
        onProgress: (done) => show('folds', done, folds),
        signal: context.signal,
      });
    });
    const counts = listed.labels.map((_, label) => labels.filter((each) => each === label).length);
    return {
      json: { ...jsonOf(request, layers, sampleRate, listed, counts, found), leftOut },
      text: describe(request, layers, listed, counts, found),
    };
  });
}

function sourceOf({ folder, protocol, attacks, digits }: ClassifyRequest): ClassSource {
  if (digits !== undefined) return { kind: 'spoken-digits', folder, task: digits };
  if (protocol === undefined) return { kind: 'folders', folder };
  return { kind: 'asvspoof', folder, protocol, ...(attacks !== undefined && { attacks }) };
}

/** Says what is done, and how much of it. */
type Show = (what: string, done: number, total: number) => void;

async function withDisplay<T>(
  context: CommandContext,
  work: (show: Show) => Promise<T>,
): Promise<T> {
  const display = await showProgress<{ done: number; total: number; what: string }>(context, '', {
    position: (place) => place,
    describe: ({ what, done, total }) => `${what} ${done}/${total}`,
  });
  try {
    return await work((what, done, total) => display.update({ what, done, total }));
  } finally {
    display.stop();
  }
}

/** CRS of each recording. */
async function responsesOf(
  listed: LabelledFiles,
  banks: Parameters<typeof cumulativeResponses>[0],
  sampleRate: number,
  { samples, bins, range }: ClassifyRequest,
  { signal }: CommandContext,
  show: Show,
): Promise<(Float32Array | Float64Array)[]> {
  const clips = await LabelledClips.load(listed, {
    ...{ samples, sampleRate, place: 'start', normalize: false },
    signal,
    onProgress: (done, total) => show('reading recordings', done, total),
  });
  const features: (Float32Array | Float64Array)[] = [];
  while (features.length < clips.length) {
    if (signal.aborted) {
      throw new FewSoundError('ABORTED', 'the analysis was aborted.', { cause: signal.reason });
    }
    const count = Math.min(AT_ONCE, clips.length - features.length);
    const batch = Array.from({ length: count }, (_, i) => clips.clip(features.length + i));
    features.push(...cumulativeResponses(banks, batch, { bins, range }).crs);
    show('responses', features.length, clips.length);
    await new Promise(setImmediate);
  }
  return features;
}

function jsonOf(
  {
    model,
    folder,
    protocol,
    samples,
    stride,
    bins,
    range,
    folds,
    degree,
    cost,
    seed,
  }: ClassifyRequest,
  layers: readonly string[],
  sampleRate: number,
  { labels, files }: LabelledFiles,
  counts: readonly number[],
  { accuracy, eer, confusion, predicted, fold }: CrossValidation,
): object {
  return {
    ...{ model, folder, ...(protocol !== undefined && { protocol }), layers, sampleRate },
    ...{ samples, stride, bins, range, folds, degree, cost, seed },
    classes: labels.map((label, i) => ({ label, recordings: counts[i] })),
    ...{ accuracy, eer },
    confusion: { labels, counts: confusion },
    recordings: files.map(({ name, label }, i) => ({
      file: name,
      class: labels[label],
      takenFor: labels[predicted[i] as number],
      fold: fold[i],
    })),
  };
}

function describe(
  { folds, degree }: ClassifyRequest,
  layers: readonly string[],
  { labels }: LabelledFiles,
  counts: readonly number[],
  { accuracy, eer, confusion }: CrossValidation,
): string {
  const of = ({ mean, deviation }: { mean: number; deviation: number }) =>
    `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  return [
    confusionTable({ labels, counts: confusion }),
    '',
    `accuracy ${of(accuracy)}${eer === null ? '' : `, equal error rate ${of(eer)}`}, over ${folds} folds`,
    `Support vector machine with a polynomial kernel of degree ${degree} on the cumulative responses of ${layers.join(', ')} to ${formatCount(counts.reduce((sum, count) => sum + count, 0))} recordings.`,
  ].join('\n');
}
