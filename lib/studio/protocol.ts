// What the server and the page tell each other. Sounds travel beside it, as float32 in the byte
// order of the machine, which is also the page's.

/** An option as the page asks for it. */
export interface FormField {
  /** As settings are named: `grid`, `loss.mel`. */
  readonly name: string;
  /** On the command line: `--grid`. */
  readonly flag: string;
  readonly type: 'number' | 'whole' | 'text' | 'switch' | 'choice';
  readonly meaning: string;
  /** What it takes, as errors say it. */
  readonly expected: string;
  /** As it would be typed; absent where there is none. */
  readonly usual?: string;
  readonly choices?: readonly string[];
  readonly least?: number;
  readonly most?: number;
}

/** What can be chosen; made of the tables that the command line is made of. */
export interface Forms {
  readonly networks: readonly {
    readonly kind: string;
    readonly name: string;
    readonly fields: readonly FormField[];
    /** None where there is only the paper's. */
    readonly recipes: readonly { readonly name: string; readonly meaning: string }[];
    /** Of the recipes, the one that is taken where none is chosen. */
    readonly usualRecipe?: string;
  }[];
  readonly training: readonly FormField[];
  readonly devices: readonly string[];
}

/** A recording that can be learned. */
export interface RecordingFacts {
  readonly id: string;
  readonly name: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** Seconds. */
  readonly duration: number;
}

/** A recording and its shape: the least and the greatest amplitude of each of equal stretches. */
export interface RecordingShape extends RecordingFacts {
  readonly least: readonly number[];
  readonly greatest: readonly number[];
}

/** The part of a recording that is to be learned. */
export interface Stretch {
  /** Seconds. */
  readonly offset: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channel: number | 'mix';
}

/** What the page wants to be learned. */
export interface LearnRequest {
  readonly recording: string;
  readonly stretch: Stretch;
  readonly networks: readonly {
    readonly kind: string;
    /** Of a network that has recipes. */
    readonly recipe?: string;
    /** What differs from what is usual, as typed. */
    readonly options: Readonly<Record<string, string>>;
  }[];
  readonly training: Readonly<Record<string, string>>;
  readonly seed: string;
  readonly device: string;
  /** In steps, or in seconds, from which the steps are measured. */
  readonly budget?: { readonly unit: 'steps' | 'seconds'; readonly amount: number };
}

export type RunStatus =
  | 'waiting'
  | 'measuring'
  | 'learning'
  | 'pausing'
  | 'paused'
  | 'writing'
  | 'done'
  | 'failed';

/** Where a fit is. */
export interface Course {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** dB; null where undefined. */
  readonly siSnr: number | null;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  /** Spent learning, in all. */
  readonly seconds: number;
}

/** Losses and SI-SNR by step, thinned. */
export interface Curve {
  readonly step: number[];
  readonly loss: number[];
  readonly siSnr: (number | null)[];
}

/** A run: one network that learns, or has learned, a stretch of a recording. */
export interface RunState {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly recording: string;
  readonly status: RunStatus;
  readonly date: string;
  /** Known once it has begun. */
  readonly sampleRate?: number;
  readonly samples?: number;
  readonly parameters?: number;
  readonly course?: Course;
  readonly metrics?: Readonly<Record<string, number | null>>;
  readonly warnings: readonly string[];
  readonly error?: string;
  /** The command that does the same, and the program. */
  readonly command?: string;
  readonly program?: string;
  /** Whether the page may pause it and keep it; not what another command runs. */
  readonly ours: boolean;
}

/** What a KAN looks like inside; other networks have no such layers. */
export interface InsideView {
  /** From the encoding to the amplitude. */
  readonly layers: readonly { readonly inputs: number; readonly outputs: number }[];
  /**
   * Of the layer that was asked for: the standard deviation of what each edge adds over the
   * stretch, [outputs · inputs].
   */
  readonly deviations?: readonly number[];
  /** The edge that was asked for, and how often what enters it lies in each of equal parts. */
  readonly edge?: {
    readonly layer: number;
    readonly output: number;
    readonly input: number;
    readonly from: number;
    readonly to: number;
    /** What its splines cover. */
    readonly grid: readonly [number, number];
    readonly bars: readonly number[];
  };
  /** Its function, at places evenly spaced over the same range. */
  readonly curve?: readonly number[];
}

/** A model that was brought, and what there is of it. */
export interface ModelFacts {
  readonly id: string;
  readonly name: string;
  /** Reports by their kind, and the recording that they are of, or ''. */
  readonly analyses: readonly {
    readonly analysis: 'geometry' | 'wigner' | 'spectra';
    readonly of: string;
  }[];
  /** Why there are no others. */
  readonly remarks: readonly string[];
}

/** What a page is told when it opens. */
export interface Snapshot {
  readonly version: string;
  /** Absent where the page only watches. */
  readonly forms?: Forms;
  readonly recordings: readonly { readonly id: string; readonly name: string }[];
  readonly runs: readonly (RunState & { readonly curve: Curve })[];
  /** Runs of earlier days, which can be opened. */
  readonly earlier: readonly { readonly id: string; readonly date: string }[];
  /** Models that were brought to be looked into. */
  readonly models: readonly ModelFacts[];
  /** Most bytes of a recording that is brought. */
  readonly uploadLimit: number;
  /** Networks that learn at once; others wait. */
  readonly atOnce: number;
}

/** What happens, by the name of the event. */
export interface StudioEvents {
  snapshot: Snapshot;
  run: RunState;
  course: { readonly id: string } & Course;
  gone: { readonly id: string; readonly earlier: Snapshot['earlier'] };
  recording: { readonly id: string; readonly name: string };
  model: ModelFacts;
}

/** What went wrong, as the page shows it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}
