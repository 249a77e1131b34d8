import type Libsvm from 'libsvm-js/asm.js';
import { FewSoundError } from '../../errors.js';

/** Options of a support vector machine with the kernel (γ·⟨u, v⟩ + c₀)^degree. */
export interface PolynomialSvmOptions {
  readonly degree: number;
  /** γ; undefined: one over the number of features. */
  readonly gamma?: number | undefined;
  readonly coef0: number;
  /** C, what a training example on the wrong side costs. */
  readonly cost: number;
}

/** Rows of features, one for each recording, all of one length. */
export type SvmFeatures = readonly ArrayLike<number>[];

/** Megabytes of kernel values to cache while training. */
const CACHE = 200;

/** A support vector classifier: libsvm's C-SVC (Chang and Lin 2011). `dispose` frees its heap. */
export class PolynomialSvm {
  readonly #svm: Libsvm;
  /** For two classes: the value that the decision is made from. */
  readonly #decision: ((row: ArrayLike<number>) => number) | undefined;

  private constructor(svm: Libsvm, decision: ((row: ArrayLike<number>) => number) | undefined) {
    this.#svm = svm;
    this.#decision = decision;
  }

  /**
   * @param features finite, of two or more classes
   * @param labels the class of each row, whole numbers
   */
  static async train(
    features: SvmFeatures,
    labels: readonly number[],
    { degree, gamma, coef0, cost }: PolynomialSvmOptions,
  ): Promise<PolynomialSvm> {
    const { default: Svm } = await import('libsvm-js/asm.js');
    const width = (features[0] as ArrayLike<number>).length;
    const kernel = { degree, gamma: gamma ?? 1 / width, coef0 };
    const svm = new Svm({
      type: Svm.SVM_TYPES.C_SVC,
      kernel: Svm.KERNEL_TYPES.POLYNOMIAL,
      ...kernel,
      cost,
      cacheSize: CACHE,
      quiet: true,
    });
    try {
      svm.train([...features], labels);
      const [first, second, ...more] = svm.getLabels();
      const binary = second !== undefined && more.length === 0;
      if (!binary) return new PolynomialSvm(svm, undefined);
      const weights = weightsOf(svm.serializeModel());
      const vectors = svm.getSVIndices().map((index) => features[index] as ArrayLike<number>);
      // libsvm's decision is positive for the class that came first.
      const sign = (first as number) > second ? 1 : -1;
      return new PolynomialSvm(svm, (row) => {
        let sum = 0;
        for (const [i, vector] of vectors.entries()) {
          sum += (weights[i] as number) * (kernel.gamma * dot(vector, row) + coef0) ** degree;
        }
        return sign * sum;
      });
    } catch (error) {
      svm.free();
      throw error;
    }
  }

  /** The predicted class of a row. */
  predict(row: ArrayLike<number>): number {
    return this.#svm.predictOne(row);
  }

  /**
   * For two classes: a score for the second. Only its order means something: no constant is added.
   */
  score(row: ArrayLike<number>): number {
    if (this.#decision !== undefined) return this.#decision(row);
    throw new FewSoundError('INVALID_ARGUMENT', 'score: only defined for two classes.');
  }

  dispose(): void {
    this.#svm.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** αᵢ·yᵢ of the support vectors, from libsvm's own text, which has all their digits. */
function weightsOf(model: string): Float64Array {
  const lines = model.slice(model.indexOf('\nSV\n') + 4).split('\n');
  return Float64Array.from(
    lines.filter((line) => line !== ''),
    (line) => Number(line.slice(0, line.indexOf(' '))),
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
