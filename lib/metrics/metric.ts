import type { SampleRates, Signal } from './signal-pair.js';

/** What tables, curves and texts say about a number: a metric, a loss. */
export interface MetricDescription<Name extends string = string> {
  /** Its key in results, JSON, logs and TensorBoard. */
  readonly name: Name;
  /** Its name in tables and plots. */
  readonly title: string;
  /** Values in % are kept as fractions, 0 to 1. */
  readonly unit?: 'dB' | '%';
  readonly better: 'higher' | 'lower';
  /** What it measures, in a phrase. */
  readonly meaning: string;
  /** When there is no number. Absent: never. */
  readonly undefinedWhen?: string;
  /** Digits after the decimal point. Default: four significant digits. */
  readonly decimals?: number;
  /** Its column in the tables of the FewSound paper, from 1. Absent: not in the paper. */
  readonly paperColumn?: number;
  /** How a report shows it beside its tables, the lowest rank first. */
  readonly inReports?: {
    readonly rank: number;
    /** Large, at the head of the page. */
    readonly figure?: boolean;
    /** Over the validations of a training, on an axis of this kind. */
    readonly curve?: 'linear' | 'log';
  };
}

/** What a metric needs besides two signals of one length. */
export interface MetricNeeds {
  /** Sample rates it accepts, Hz. Absent: it compares samples, whatever their rate. */
  readonly sampleRates?: SampleRates;
  /** LibTorch. */
  readonly addon?: boolean;
  /** What `fewsound setup NAME` must install first, and whether it has. */
  readonly setup?: { readonly name: string; readonly isDone: () => boolean };
  /**
   * Where it runs off the event loop. `evaluate` gives null where such a metric fails or does not
   * accept the sample rate, so that one column does not cost the others.
   */
  readonly worker?: 'thread' | 'process';
  /** Longer sounds are left out by `evaluate`, seconds. */
  readonly longest?: number;
}

/** A metric: its function and everything there is to know about it. */
export interface Metric<Name extends string = string> extends MetricDescription<Name> {
  readonly needs?: MetricNeeds;
  /** Where it is measured only if asked for. */
  readonly leftOutOf?: 'fits' | 'validations';
  readonly measure: (
    reference: Signal,
    degraded: Signal,
    options: { sampleRate?: number },
  ) => number | null | Promise<number | null>;
}

/** Keeps the name's literal type, from which the registry derives `MetricName`. */
export function defineMetric<const Name extends string>(metric: Metric<Name>): Metric<Name> {
  return metric;
}
