import type { ReportedLayer } from './analysis-report-input.js';

/** A figure of a layer's geometry. */
export interface LayerFigure {
  /** As paper 2 writes it. */
  readonly symbol: string;
  readonly of: (layer: ReportedLayer) => number;
}

const figure = (symbol: string, of: LayerFigure['of']): LayerFigure => ({ symbol, of });

/** Every figure by its name. */
export const layerFigures = {
  A: figure('A', ({ A }) => A),
  lambdaMinPlus: figure('λ min+', ({ lambdaMinPlus }) => lambdaMinPlus),
  B: figure('B', ({ B }) => B),
  betaMin: figure('β min', ({ betaMin }) => betaMin),
  betaAvg: figure('β avg', ({ betaAvg }) => betaAvg),
  betaMse: figure('β mse', ({ betaMse }) => betaMse),
  mu: figure('μ', ({ mu }) => mu),
  muAvg: figure('μ avg', ({ muAvg }) => muAvg),
  muMse: figure('μ mse', ({ muMse }) => muMse),
  betaGap: figure('β gap', ({ gap }) => gap?.betaGap ?? Number.NaN),
} as const;

/** The figures that these layers have, in the order of the paper's tables. */
export function figuresOf(layers: readonly ReportedLayer[]): readonly LayerFigure[] {
  const { betaGap, ...always } = layerFigures;
  const searched = layers.some(({ gap }) => gap !== undefined);
  return [...Object.values(always), ...(searched ? [betaGap] : [])];
}

/** Four decimals, as the paper has them; an exact zero is told from a small number. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toFixed(value === 0 ? 1 : 4);
}
