import { renderTableReport, tableText } from '../../lib/report/table-report';
import type { Compared, SummaryRow, TableSummary } from '../../lib/tables/summary';

const value = (mean: number | null, paper: number | null, paperDeviation: number | null = null) =>
  ({
    ...{ mean, deviation: mean === null ? null : 0.5, paper, paperDeviation },
    distance:
      mean === null || paper === null || !paperDeviation ? null : (mean - paper) / paperDeviation,
  }) satisfies Compared;

const row = (name: string, values: Compared[], done = 2): SummaryRow => ({
  ...{ name, parameters: 33_768, values, done, expected: 2, seconds: 90 * done },
  missing: done === 2 ? [] : ['<b>.wav'],
});

const summary = (rows: SummaryRow[]): TableSummary => ({
  name: '1',
  table: {
    ...{ title: 'Speech', paper: 'fewsound', label: 'Network', source: 'fits' },
    columns: ['siSnr', 'pesq'],
  },
  parts: [
    { name: '1.5 s', rows, tau: [1, null] },
    {
      name: '3 s',
      rows: rows.map(({ name }) => row(name, [value(null, 9), value(null, 2)], 0)),
      tau: [null, null],
    },
  ],
  ...{ done: 3, expected: 8, seconds: 270 },
});

const input = {
  summary: summary([
    row('KAN', [value(21, 20.5, 2), value(3.2, 3.57, 0.42)]),
    row('WIRE', [value(17, 20, 2), value(2, null)], 1),
  ]),
  clips: [{ name: 'p225.wav', sha256: 'abcdef0123456789', start: 12_345, samples: 32_768 }],
  facts: { Fits: { steps: 10_000 } },
  version: '1.2.3',
};

describe('a table of a paper', () => {
  test('has ours above the paper, and the distance in its deviations', () => {
    const text = tableText(input, 'markdown');
    expect(text).toMatch(/^# Table 1\. Speech$/m);
    expect(text).toMatch(/^3 of 8 results, 4 min 30 s of fitting, 2 of 3 means within one/m);
    expect(text).toMatch(/^\| KAN \(33,768\) \| ours, 2 of 2 \| \*\*21\.00 ± 0\.50\*\* \| /m);
    expect(text).toMatch(/^\| {2}\| paper \| \*\*20\.50 ± 2\.00\*\* \| \*\*3\.57 ± 0\.42\*\* \|$/m);
    expect(text).toMatch(/^\| {2}\| distance \| \+0\.3 σ \| −0\.9 σ \|$/m);
    expect(text).toMatch(/^\| WIRE \(33,768\) \| ours, 1 of 2 \| 17\.00 /m);
    // A number that the paper does not give has no distance.
    expect(text).toMatch(/^\| {2}\| distance \| −1\.5 σ \| {2}\|$/m);
    expect(text).toMatch(/^\| Kendall's τ \| {2}\| 1\.00 \| – \|$/m);
    // Of a part without results only that it is missing.
    expect(text).not.toMatch(/^## 3 s/m);
    expect(text).toMatch(/^- 3 s: KAN, WIRE: <b>\.wav$/m);
    expect(text).toMatch(/^Recordings: p225\.wav\.$/m);
  });

  test('is a page with the numbers, pictures, recordings and settings', async () => {
    const page = await renderTableReport(input);
    expect(page).toContain('<h1>Table 1. Speech</h1>');
    expect(page).toContain('Of “A Hypernetwork-Based Approach to KAN Representation of Audio');
    expect(page).toContain('33,768 · 1 of 2 · 1 min 30 s');
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toContain('aria-label="SI-SNR dB ↑: KAN 21.00, paper 20.50; WIRE 17.00');
    expect(page).toContain('abcdef012345<');
    expect(page).toContain('&lt;b&gt;.wav');
    expect(page).not.toContain('<b>.wav');
    expect(page).toContain('>10000<');
  });

  test('says by which commands trained models are made', async () => {
    const missing = ['fewsound train configs/a.json', 'fewsound evaluate a > a.json'];
    const models: TableSummary = {
      ...summary([
        {
          name: 'FewSound',
          values: [value(null, 5), value(null, 1)],
          done: 0,
          expected: 1,
          missing,
        },
      ]),
      done: 0,
    };
    const trained: TableSummary = {
      ...models,
      table: { ...models.table, source: 'runs' },
      parts: models.parts.slice(0, 1),
    };
    const text = tableText({ summary: trained, clips: [] }, 'text');
    expect(text).toMatch(/^FewSound +ours +– +–/m);
    expect(text).toMatch(/^ {6}fewsound evaluate a > a\.json$/m);
    const page = await renderTableReport({ ...input, summary: trained, clips: [] });
    expect(page).toContain('fewsound evaluate a &gt; a.json');
    expect(page).not.toContain('σ');
  });
});
