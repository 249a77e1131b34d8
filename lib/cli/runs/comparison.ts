// What `fewsound compare` is asked for: which networks, fitted how, to what.

import type { RecipeName } from '../../train/index.js';
import type { Kind } from '../flags/networks.js';
import type { TrainingSettings } from '../flags/training.js';

/** A row of the table: a network, and how it is fitted. */
export interface Contender {
  /** In results and names of files: `kan`, or `kan-best` where recipes are compared. */
  readonly name: string;
  readonly label: string;
  readonly kind: Kind;
  /** Absent where recipes are not compared. */
  readonly recipe?: { readonly name: RecipeName; readonly version: number };
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly training: TrainingSettings;
}

/** Several networks, and what they are to learn. */
export interface Comparison {
  readonly audio: string;
  /** In the order of the table. */
  readonly contenders: readonly Contender[];
  readonly recording: {
    readonly samples: number;
    readonly sampleRate: number | undefined;
    readonly offset: number;
    readonly channel: number | 'mix';
  };
  /** What is given for all of them. */
  readonly training: TrainingSettings;
  readonly out: string;
}

/** What progress begins with. */
export function labelOf({ label }: Contender, contenders: readonly Contender[]): string {
  return label.padEnd(Math.max(...contenders.map((each) => each.label.length), 5));
}
