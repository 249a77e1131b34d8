import { geometryOfModel, type ModelGeometryOptions, readModelFile } from '../analysis/index.js';
import type { ClassifierKind } from '../nn/index.js';
import { thin } from '../report/curve-plot.js';
import { type ReportedEpoch, type ReportedTest, writeClassifierReport } from '../report/index.js';
import { scope } from '../tensor/index.js';
import { keptEpochs } from '../train/classifier/epoch-weights.js';
import { isBetterClassifier } from '../train/classifier/evaluate-classifier.js';
import type { RunFiles } from '../train/index.js';
import { runFacts } from './run-facts.js';
import { readOutcome } from './training-outcome.js';

/** Epochs, about, whose geometry is computed: it takes longer than all else of a report. */
const EPOCHS = 40;

/** What was trained on what, where. */
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
  /** That it was held to; undefined: LibTorch's choice. */
  readonly threads: number | undefined;
}

/**
 * Writes report.html of the run of a classifier: what it made of the test part, curves, validations, and the geometry of its
 * convolutions.
 *
 * @param test absent where the training did not come to its end
 */
export async function writeClassifierRunReport(
  run: TrainedClassifier,
  test?: ReportedTest,
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

async function geometryOfEpochs({ files, kind }: TrainedClassifier): Promise<ReportedEpoch[]> {
  const geometry: ReportedEpoch[] = [];
  for (const { epoch, path } of thin(await keptEpochs(files.epochs), EPOCHS)) {
    await scope(async () => {
      const { state } = await readModelFile(path);
      // Where all weights are kept the dense layers are too, whose atoms are as long as the recordings.
      const convolutions = new Map([...state].filter(([, { rank }]) => rank === 3));
      const layers = geometryOfModel(convolutions, { model: groupingOf(kind) });
      geometry.push({ epoch, layers });
    });
  }
  return geometry;
}
