import {
  differenceImage,
  layerCurvesSvg,
  layerTable,
  responseClassesSvg,
  responseCurvesSvg,
  responseImage,
} from '../../lib/report';
import { renderAnalysisReport } from '../../lib/report/analysis-report';
import { sampleAnalysis, sampleLayer, sampleResponse } from './sample-analysis';

const headings = (page: string) => [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text);

const nothing = { title: 'x', summary: 'y' };

describe('the report of an analysis', () => {
  test('shows what is given, in the order from the sound to the layers', async () => {
    const page = await renderAnalysisReport(sampleAnalysis());
    expect(headings(page)).toEqual([
      'Response spectra over time',
      'Response surface',
      'Cumulative response spectra',
      'Cumulative response spectra of classes',
      'Differences of response spectra',
      'Differences of cumulative response spectra',
      'Filters over time and frequency',
      'Geometry of the layers',
      'Eigenvalues and Babel functions',
      'Settings',
    ]);
    // The bands of the formants, the shortcut's circle, the paper's form of the table.
    for (const text of [
      '2–3.5 kHz',
      '4–5 kHz',
      'Circles: a shortcut',
      '<th scope="row">μ avg</th>',
    ]) {
      expect(page).toContain(text);
    }
  });

  test('leaves out what is not given', async () => {
    const { models } = sampleAnalysis();
    const page = await renderAnalysisReport({ ...nothing, ...(models && { models }) });
    expect(headings(page)).toEqual(['Geometry of the layers', 'Eigenvalues and Babel functions']);
    expect(page).not.toContain('Plotly');
  });

  test('escapes names', async () => {
    const name = '<img src=x onerror=alert(1)>&"';
    const page = await renderAnalysisReport({
      ...nothing,
      title: name,
      responses: { axis: 'fourier', recordings: [sampleResponse(name)], surface: true },
      models: [{ name, layers: [sampleLayer(name), sampleLayer('</script>')] }],
    });
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script>/g)).toHaveLength(page.match(/<script>/g)?.length as number);
  });

  test('follows layers over models, such as the epochs of a training', async () => {
    const epochs = [1, 2, 3].map((epoch) => ({
      name: `epoch ${epoch}`,
      layers: [sampleLayer('I', { mu: epoch / 4 }), sampleLayer('II')],
    }));
    const page = await renderAnalysisReport({ ...nothing, models: epochs });
    expect(headings(page)).toEqual(['Geometry of the layers', 'Course over models']);
    expect(page).toContain('I from 0.250 to 0.750');
    const others = epochs.map((epoch, i) => ({ ...epoch, layers: epoch.layers.slice(i % 2) }));
    expect(headings(await renderAnalysisReport({ ...nothing, models: others }))).toEqual([
      'Geometry of the layers',
    ]);
  });

  test.each([
    ['nothing', nothing, /nothing to report/],
    ['models without layers', { ...nothing, models: [{ name: 'x', layers: [] }] }, /nothing/],
    [
      'a response of another size',
      {
        ...nothing,
        responses: {
          axis: 'fourier' as const,
          recordings: [{ ...sampleResponse('x'), times: Float64Array.of(0, 1) }],
        },
      },
      /'x' has 1650 values of STRS/,
    ],
    [
      'a class of another size',
      {
        ...nothing,
        classes: {
          axis: 'log' as const,
          frequencies: Float64Array.of(1, 2),
          classes: [
            { label: 'real', count: 1, mean: Float64Array.of(1), deviation: Float64Array.of(0) },
          ],
        },
      },
      /'real' needs one value/,
    ],
  ])('refuses %s', async (_, input, message) => {
    await expect(renderAnalysisReport(input)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });
});

describe('tables of layers', () => {
  const layers = [sampleLayer('I', { A: 0.3457 }), sampleLayer('II', { residual: true })];

  test("in the paper's form have a row a metric, four decimals, and exact zeros", () => {
    const { titles, rows } = layerTable([{ name: 'm', layers }], true);
    expect(titles).toEqual(['Metric', 'I', 'II']);
    expect(rows[0]).toEqual(['A', '0.3457', '0.0']);
    expect(rows.find(([symbol]) => symbol === 'β avg')).toEqual(['β avg', '72.0779', '72.0779']);
  });

  test('otherwise have a row a layer, with its model where there are several', () => {
    const one = layerTable([{ name: 'm', layers }], false);
    expect(one.rows[1]?.slice(0, 3)).toEqual(['II ○', 'conv1d', '12 × 8']);
    const two = layerTable(
      ['m', 'n'].map((name) => ({ name, layers })),
      false,
    );
    expect(two.titles.slice(0, 2)).toEqual(['Model', 'Layer']);
    expect(two.rows.map(([model]) => model)).toEqual(['m', 'm', 'n', 'n']);
  });

  test('have a column of gaps where these were searched, and a dash for what is not defined', () => {
    const gap = { betaGap: 76.7, muGap: 0.23, betaGapAvg: 60, exact: false };
    const { rows } = layerTable(
      [{ name: 'm', layers: [sampleLayer('I', { gap }), sampleLayer('II', { B: Number.NaN })] }],
      true,
    );
    expect(rows.at(-1)).toEqual(['β gap', '76.7000', '–']);
    expect(rows.find(([symbol]) => symbol === 'B')).toEqual(['B', '4.5024', '–']);
  });
});

describe('pictures for papers', () => {
  test('curves as SVG stand alone: colors and a legend of their own', async () => {
    const { classes } = sampleAnalysis();
    const files = [
      await responseCurvesSvg([sampleResponse('first.wav'), sampleResponse('second.wav')]),
      await responseClassesSvg(classes as NonNullable<typeof classes>),
      ...(await layerCurvesSvg([{ name: 'm', layers: [sampleLayer('I'), sampleLayer('II')] }])),
    ];
    for (const svg of files) {
      expect(svg).toMatch(/^<svg xmlns=/);
      expect(svg).not.toContain('var(--');
    }
    expect(files[0]).toContain('– first.wav');
    expect(files[1]).toContain('– real (3)');
    expect(files[2]).toContain('– μ avg');
  });

  test('responses and differences as PNG have a pixel for each value', async () => {
    const response = sampleResponse('x');
    for (const image of [await responseImage(response), await differenceImage(response)]) {
      expect([image.width, image.height]).toEqual([50, 33]);
      expect(Buffer.from(image.png.subarray(1, 4)).toString()).toBe('PNG');
    }
    const silence = { ...response, strs: new Float32Array(response.strs.length) };
    expect((await responseImage(silence)).png.length).toBeGreaterThan(0);
    expect((await differenceImage(silence)).png.length).toBeGreaterThan(0);
  });
});
