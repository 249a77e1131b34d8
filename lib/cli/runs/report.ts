import { geometryOfModel, type ModelGeometryOptions, readModelFile } from '../../analysis/index.js';
import type { PreparedCorpus } from '../../data/index.js';
import { type ClassifierKind, type HyperNetwork, loadHyperNetwork } from '../../nn/index.js';
import { thin } from '../../report/curve-plot.js';
import {
  type EpochGeometry,
  type ReconstructedSound,
  writeClassifierReport,
  writeTrainingReport,
} from '../../report/index.js';
import { scope, threads } from '../../tensor/index.js';
import { keptEpochs } from '../../train/epoch-weights.js';
import { isBetterClassifier } from '../../train/evaluate-classifier.js';
import type { ClassifierEvaluation, RunFiles } from '../../train/index.js';
import type { DeviceName } from '../flags/parsers.js';
import { processor, versions } from '../machine.js';
import { findTrainedModel, reconstructSegments } from './trained-model.js';
import { readOutcome, type TrainingOutcome } from './training.js';

/** Facts of a report: groups of names and values. */
export type Facts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The facts in the report of a run: its comment, those of the run itself, machine and versions.
 *
 * @param own of the run, in the order of the page
 * @param machine where it ran; `threads` where their number was limited
 */
function runFacts(
  { comment }: { readonly comment?: string | undefined },
  own: Facts,
  machine: {
    readonly device: string;
    readonly threads?: number | undefined;
    readonly processes?: number;
  },
): { readonly facts: Facts; readonly version: string | undefined } {
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
    version: fewsound,
  };
}

/** About how many epochs have their geometry computed: it is the slowest part of a report. */
const EPOCHS = 40;

/** A training of a classifier as its report describes it. */
export interface TrainedClassifier {
  readonly title: string;
  readonly comment: string | undefined;
  readonly files: RunFiles;
  readonly kind: ClassifierKind;
  readonly model: Readonly<Record<string, unknown>>;
  readonly recordings: Readonly<Record<string, unknown>>;
  /** Every option of the training, defaults included. */
  readonly training: Readonly<Record<string, unknown>>;
  readonly stepsPerEpoch: number;
  readonly plannedSteps: number;
  readonly device: string;
  /** Its limit on CPU threads; undefined: LibTorch's choice. */
  readonly threads: number | undefined;
}

/**
 * Writes report.html of the run of a classifier: its results on the test part, curves, validations,
 * and the geometry of its convolutions.
 *
 * @param test absent where the training was not finished
 */
export async function writeClassifierRunReport(
  run: TrainedClassifier,
  test?: ClassifierEvaluation,
): Promise<void> {
  const { title, files, stepsPerEpoch, plannedSteps, device, threads } = run;
  const { records, best } = await readOutcome(files, isBetterClassifier);
  const own = { Model: run.model, Recordings: run.recordings, Training: run.training };
  await writeClassifierReport(files.report, {
    title,
    ...runFacts(run, own, { device, threads }),
    records,
    ...(best !== null && { bestStep: best.step }),
    stepsPerEpoch,
    plannedSteps,
    ...(test !== undefined && { test }),
    geometry: await geometryOfEpochs(run),
  });
}

/** The layers of the paper's models are as it counts them. */
function groupingOf(kind: ClassifierKind): NonNullable<ModelGeometryOptions['model']> {
  return kind === 'inc-tssdnet' || kind === 'res-tssdnet' ? kind : 'any';
}

async function geometryOfEpochs({ files, kind }: TrainedClassifier): Promise<EpochGeometry[]> {
  const geometry: EpochGeometry[] = [];
  for (const { epoch, path } of thin(await keptEpochs(files.epochs), EPOCHS)) {
    await scope(async () => {
      const { state } = await readModelFile(path);
      // Not the dense layers, which are there where all weights are kept: their atoms are too long.
      const convolutions = new Map([...state].filter(([, { rank }]) => rank === 3));
      const layers = geometryOfModel(convolutions, { model: groupingOf(kind) });
      geometry.push({ epoch, layers });
    });
  }
  return geometry;
}

/** Recordings of the validation part that can be played in a report. */
const RECORDINGS = 6;

/** A training of a hypernetwork as its report describes it. */
export interface TrainedRun {
  readonly title: string;
  readonly comment: string | undefined;
  readonly files: RunFiles;
  readonly model: Readonly<Record<string, unknown>>;
  readonly target: Readonly<Record<string, unknown>>;
  /** Every option of the training, defaults included. */
  readonly training: Readonly<Record<string, unknown>>;
  readonly corpus: PreparedCorpus;
  readonly stepsPerEpoch: number;
  readonly plannedSteps: number;
  readonly device: DeviceName;
  readonly processes: number;
}

/** A model for the reader: its kind and options, and how many numbers each part learns. */
export function modelFacts(model: HyperNetwork): Pick<TrainedRun, 'model' | 'target'> {
  const { target, device: _, ...options } = model.options;
  const { encoder, universal, writer, target: shared } = model.parameterCounts();
  const written = model
    .writtenLayout()
    .reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
  return {
    model: {
      kind: model.kind,
      parameters: model.parameterCount,
      'parameters of the encoder': encoder,
      ...(universal > 0 && { 'parameters of universal weights and their encoder': universal }),
      'parameters of the hypernetwork': writer,
      ...(shared > 0 && { 'parameters that all recordings share': shared }),
      ...options,
    },
    target: { ...target, 'weights written': written },
  };
}

/** Writes report.html of a run: curves, validations, and reconstructions by its best model. */
export async function writeRunReport(
  run: TrainedRun,
  { records, best }: TrainingOutcome,
): Promise<void> {
  const { title, files, corpus, stepsPerEpoch, plannedSteps } = run;
  const own = {
    Model: run.model,
    Target: run.target,
    Training: run.training,
    Corpus: {
      corpus: corpus.corpus,
      folder: corpus.folder,
      sampleRate: corpus.sampleRate,
      segmentSamples: corpus.segmentSamples,
      'segments for training': corpus.train.length,
      'segments for validation': corpus.validation.length,
      digest: corpus.sourceDigest,
    },
  };
  await writeTrainingReport(files.report, {
    title,
    ...runFacts(run, own, { device: run.device, processes: run.processes }),
    records,
    ...(best !== null && { bestStep: best.step }),
    stepsPerEpoch,
    plannedSteps,
    reconstructions: await reconstructions(run),
  });
}

async function reconstructions({
  files,
  corpus,
  device,
}: TrainedRun): Promise<ReconstructedSound[]> {
  const { file } = await findTrainedModel(files.folder);
  const model = await loadHyperNetwork(file, { device });
  try {
    const reported: ReconstructedSound[] = [];
    const { sampleRate } = corpus;
    const segments = reconstructSegments(model, corpus.validation, { limit: RECORDINGS });
    for await (const { segment, original, reconstruction, metrics } of segments) {
      const second = (segment.start / sampleRate).toFixed(1);
      const name = `${segment.name} from ${second} s`;
      reported.push({ name, sampleRate, original, reconstruction, metrics });
    }
    return reported;
  } finally {
    model.dispose();
  }
}
