// What we use of libsvm-js, which brings no types.
declare module 'libsvm-js/asm.js' {
  interface Options {
    readonly type: string;
    readonly kernel: string;
    readonly degree: number;
    readonly gamma: number;
    readonly coef0: number;
    readonly cost: number;
    /** Megabytes. */
    readonly cacheSize: number;
    readonly quiet: boolean;
  }

  class Svm {
    static readonly SVM_TYPES: { readonly C_SVC: string };
    static readonly KERNEL_TYPES: { readonly POLYNOMIAL: string };
    constructor(options: Options);
    train(samples: ArrayLike<number>[], labels: readonly number[]): void;
    predictOne(sample: ArrayLike<number>): number;
    getLabels(): number[];
    /** Numbers of the training samples that are support vectors, in the order of the model's. */
    getSVIndices(): number[];
    serializeModel(): string;
    free(): void;
  }
  export = Svm;
}
