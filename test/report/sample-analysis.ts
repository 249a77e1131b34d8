import type { LayerGeometry } from '../../lib/analysis';
import type { AnalysisReportInput, NamedResponse } from '../../lib/report';

const bins = 33;
const frames = 50;
const frequencies = Float64Array.from({ length: bins }, (_, i) => 100 + i * 240);

/** A response with a ridge that rises over time. */
export function sampleResponse(name: string, strength = 1): NamedResponse {
  const times = Float64Array.from({ length: frames }, (_, j) => j * 0.01);
  const strs = Float32Array.from({ length: bins * frames }, (_, index) => {
    const [i, j] = [Math.floor(index / frames), index % frames];
    return strength * Math.exp(-(((i - 5 - j / 3) / 4) ** 2)) + 0.01;
  });
  const crs = Float32Array.from({ length: bins }, (_, i) => {
    const row = strs.subarray(i * frames, (i + 1) * frames);
    return row.reduce((sum, value) => sum + value, 0) / frames;
  });
  return { name, frequencies, times, strs, crs };
}

/** A layer with some figures. */
export function sampleLayer(name: string, more: Partial<LayerGeometry> = {}): LayerGeometry {
  const mu = 0.3 + 0.05 * name.length;
  return {
    ...{ name, kind: 'conv1d', residual: false, atoms: 8, dimension: 12 },
    ...{ A: 0, B: 4.5024, lambdaMinPlus: 0.3457, betaMin: 60, betaAvg: 72.0779, betaMse: 80 },
    ...{ mu, muAvg: 0.3, muMse: 0.2, rank: 8, zeroAtoms: 0, nonFiniteAtoms: 0 },
    ...more,
  };
}

const kept = (eigenvalues: number[], babel: number[]) => ({
  eigenvalues: Float64Array.from(eigenvalues),
  babel: Float64Array.from(babel),
});

/** A report with every part. */
export function sampleAnalysis(more: Partial<AnalysisReportInput> = {}): AnalysisReportInput {
  const [first, second] = [sampleResponse('first.wav'), sampleResponse('second.wav', 0.5)];
  const [crs, otherCrs] = [first, second].map((each) => Float64Array.from(each.crs)) as [
    Float64Array,
    Float64Array,
  ];
  const deviation = crs.map((value) => value / 4);
  const square = [
    [0.001, 500],
    [0.002, 500],
    [0.002, 900],
    [0.001, 900],
  ] as const;
  return {
    title: 'What a model hears',
    summary: 'Response spectra of conv1.',
    responses: { axis: 'fourier', recordings: [first, second], surface: true },
    classes: {
      ...{ axis: 'fourier', frequencies },
      classes: [
        { label: 'real', count: 3, mean: crs, deviation },
        { label: 'spoofed', count: 2, mean: otherCrs, deviation },
      ],
    },
    differences: {
      axis: 'fourier',
      differences: [
        {
          ...first,
          name: 'first minus second',
          strs: Float64Array.from(first.strs, (value, i) => value - (second.strs[i] as number)),
          crs: Float64Array.from(first.crs, (value, i) => value - (second.crs[i] as number)),
        },
      ],
    },
    contours: [
      {
        ...{ name: 'conv1', duration: 0.004, sampleRate: 16_000, threshold: 0.7 },
        filters: [
          { polygons: [square], grey: 1 },
          { polygons: [square.map(([t, f]) => [t / 2, 3 * f] as const)], grey: 0.2 },
        ],
      },
    ],
    models: [
      {
        name: 'model',
        layers: [
          sampleLayer('I', { A: 0.3457, ...kept([4.5, 1, 0.3], [0.5, 0.7]) }),
          sampleLayer('II', { residual: true, ...kept([3, 0.2, 0], [0.3]) }),
          sampleLayer('III', { mu: Number.NaN }),
        ],
      },
    ],
    facts: { Analysis: { model: 'model', stride: 10 } },
    date: new Date('2026-01-02T03:04:05Z'),
    version: '1.2.3',
    ...more,
  };
}
