import { type RunRow, runsTable } from '../../lib/report';

const rows: RunRow[] = [
  {
    name: 'FewSound | KAN',
    metrics: { mse: 0.0012, psnr: 31.5, siSnr: 12.345, lsd: 1.2, pesq: 1.5 },
  },
  { name: 'HyperSound', metrics: { mse: 0.002, psnr: 30, siSnr: null, lsd: 1.1 } },
];

test('a table for a terminal has the columns of the paper, with stars at the best', () => {
  const [head, , first, second] = runsTable(rows).split('\n');
  expect(head?.split(/ {2,}/)).toEqual([
    'Run',
    'MSE ↓',
    'PSNR dB ↑',
    'LSD ↓',
    'SI-SNR dB ↑',
    'PESQ ↑',
    'STOI ↑',
    'CDPAM ↓',
  ]);
  expect(first?.split(/ {2,}/)).toEqual([
    'FewSound | KAN',
    '0.001200*',
    '31.50*',
    '1.200',
    '12.35*',
    '1.500*',
    '–',
    '–',
  ]);
  expect(second?.split(/ {2,}/)).toContain('1.100*');
});

test('Markdown has the best in bold, and names cannot end a cell', () => {
  expect(runsTable(rows, { format: 'markdown', columns: ['lsd', 'siSnr'], title: 'Model' })).toBe(
    [
      '| Model | LSD ↓ | SI-SNR dB ↑ |',
      '|---|---:|---:|',
      '| FewSound \\| KAN | 1.200 | **12.35** |',
      '| HyperSound | **1.100** | – |',
    ].join('\n'),
  );
});

test('one run has nothing to be best of', () => {
  expect(runsTable([{ name: 'alone', metrics: { mse: 1 } }], { columns: ['mse'] })).not.toContain(
    '*',
  );
});

test('needs a run', () => {
  expect(() => runsTable([])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
