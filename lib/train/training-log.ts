import type { TrainingWarning } from './fit-options.js';
import type { ValidationRecord } from './metrics-log.js';
import { MetricsLog } from './metrics-log.js';
import type { RunFiles } from './run-files.js';
import { TensorBoardWriter } from './tensorboard.js';
import type { TrainingPosition } from './training-checkpoint.js';

/** An update as the log has it. */
export interface LoggedStep {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly gradientNorm: number;
  readonly samplesPerSecond: number;
  /** Since the training began, interruptions left out. */
  readonly seconds: number;
}

/** A pass over the validation part as the log has it. */
export type LoggedValidation = Pick<ValidationRecord, 'step' | 'epoch' | 'loss'> & {
  readonly metrics: Readonly<
    Omit<ValidationRecord, 'kind' | 'step' | 'epoch' | 'loss' | 'seconds'>
  >;
};

/** What a training writes as it goes: metrics.jsonl, and event files for TensorBoard. */
export class TrainingLog {
  private constructor(
    private readonly metrics: MetricsLog,
    private readonly board: TensorBoardWriter,
  ) {}

  /** @param from where the checkpoint is; absent for a new training */
  static async open(files: RunFiles, from?: TrainingPosition): Promise<TrainingLog> {
    const metrics =
      from === undefined
        ? await MetricsLog.create(files.metrics)
        : await MetricsLog.resume(files.metrics, from.step, from);
    try {
      const board = await TensorBoardWriter.open(
        files.folder,
        from === undefined ? {} : { resumedAt: from.step },
      );
      return new TrainingLog(metrics, board);
    } catch (error) {
      await metrics.close();
      throw error;
    }
  }

  async step({ gradientNorm, ...record }: LoggedStep): Promise<void> {
    await this.metrics.append({ kind: 'step', ...record, gradNorm: gradientNorm });
    const { step, loss, learningRate, samplesPerSecond } = record;
    await this.board.scalars(step, {
      'train/loss': loss,
      'train/learning-rate': learningRate,
      'train/gradient-norm': gradientNorm,
      'train/recordings-per-second': samplesPerSecond,
    });
  }

  async validation(
    { step, epoch, loss, metrics }: LoggedValidation,
    seconds: number,
  ): Promise<void> {
    await this.metrics.append({ kind: 'validation', step, epoch, loss, ...metrics, seconds });
    await this.board.scalars(
      step,
      Object.fromEntries(
        Object.entries({ loss, ...metrics }).map(([name, value]) => [`validation/${name}`, value]),
      ),
    );
  }

  /** TensorBoard has no place for it. */
  warning({ code, step, message }: TrainingWarning, epoch: number, seconds: number): Promise<void> {
    return this.metrics.append({ kind: 'warning', step, epoch, code, message, seconds });
  }

  async flush(): Promise<void> {
    await this.metrics.flush();
    await this.board.flush();
  }

  async close(): Promise<void> {
    try {
      await this.metrics.close();
    } finally {
      await this.board.close();
    }
  }
}
