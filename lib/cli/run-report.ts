import type { PreparedCorpus } from '../data/index.js';
import { type HyperNetwork, loadHyperNetwork } from '../nn/index.js';
import { type ReportedReconstruction, writeTrainingReport } from '../report/index.js';
import type { RunFiles } from '../train/index.js';
import type { DeviceName } from './option-parsing.js';
import { reconstructSegments } from './reconstruct.js';
import { runFacts } from './run-facts.js';
import { findTrainedModel } from './trained-model.js';
import type { TrainingOutcome } from './training-outcome.js';

/** Recordings of the validation part that a report lets one hear. */
const RECORDINGS = 6;

/** What was trained on what, where. */
export interface TrainedRun {
  readonly title: string;
  readonly comment?: string;
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
}: TrainedRun): Promise<ReportedReconstruction[]> {
  const { file } = await findTrainedModel(files.folder);
  const model = await loadHyperNetwork(file, { device });
  try {
    const reported: ReportedReconstruction[] = [];
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
