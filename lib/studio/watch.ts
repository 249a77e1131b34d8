// What a fit tells whoever watches it, and what it can be told.

import type { Clip } from '../audio/index.js';
import type { Metrics } from '../metrics/index.js';
import type { Inr } from '../nn/index.js';
import type { FitProgress } from '../train/index.js';

/** A network that begins to learn. */
export interface WatchedFit {
  readonly kind: string;
  /** How the command calls it. */
  readonly label: string;
  readonly clip: Clip;
  readonly parameters: number;
}

/** How it goes. */
export interface FitWatcher {
  /** Ends the fit in good order when it is aborted; what was learned is kept. */
  readonly stop?: AbortSignal;
  /** The state has `estimate`. */
  progress(state: FitProgress): void;
  warning(message: string): void;
  /**
   * @param reconstruction [samples]
   * @param network that learned it; disposed of by the command
   */
  learned(reconstruction: Float32Array, metrics: Partial<Metrics>, network: Inr): void;
}

/** Asked for a watcher of every network that a command fits. */
export type WatchFits = (fit: WatchedFit) => FitWatcher;
