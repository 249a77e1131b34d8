import type { FitterReport } from '../native/model-addon.js';

/** What a training noticed, and goes on in spite of. */
export interface TrainingWarning {
  /** `CONSTANT_OUTPUT`: a network's output has become constant, though its recording is not. */
  readonly code: 'CONSTANT_OUTPUT';
  /** Updates done. */
  readonly step: number;
  /** What was seen, and what to do about it. */
  readonly message: string;
  /** Of `fitAll`: the place of the clip among the clips. */
  readonly clip?: number;
}

/** Hears of a warning. */
export type OnWarning = (warning: TrainingWarning) => void;

/** To whoever asked for warnings; else one of the process (`process.on('warning')`, by default on standard error). */
export function tellWarning(warning: TrainingWarning, onWarning: OnWarning | undefined): void {
  if (onWarning !== undefined) onWarning(warning);
  else process.emitWarning(warning.message, { type: 'FewSoundWarning', code: warning.code });
}

/** Looks for outputs that have become constant in the reports of a fit, and tells of each once. */
export class ConstantOutputWatch {
  readonly #told = new Set<number>();

  /** @param clips places of the clips of the loop among those of `fitAll`; absent for `fit` */
  constructor(
    private readonly options: { learningRate: number; onWarning?: OnWarning | undefined },
    private readonly clips?: readonly number[],
  ) {}

  look({ step, constant }: FitterReport): void {
    for (const [row, isConstant] of constant.entries()) {
      if (!isConstant || this.#told.has(row)) continue;
      this.#told.add(row);
      const clip = this.clips?.[row];
      const whose = clip === undefined ? 'the network' : `the network of clip ${clip}`;
      tellWarning(
        {
          code: 'CONSTANT_OUTPUT',
          step,
          message: `at step ${step} the output of ${whose} is constant: all units of a layer are off, and what no gradient reaches does not come back. Fit again with a lower learning rate than ${this.options.learningRate}, or with another seed.`,
          ...(clip !== undefined && { clip }),
        },
        this.options.onWarning,
      );
    }
  }
}
