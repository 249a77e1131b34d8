import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInr } from '../../lib/nn';
import { networkOf, parseTable, readTable, tableNames } from '../../lib/tables/table';

const configs = join(__dirname, '..', '..', 'configs');
const stored = (name: string) =>
  JSON.parse(readFileSync(join(configs, 'tables', `${name}.json`), 'utf8'));

/** Names of the tables, known before tests are defined. */
const names = [
  ...Array.from({ length: 19 }, (_, i) => String(i + 1)),
  ...['analysis-1', 'analysis-2', 'analysis-3', 'analysis-4'],
];

test('all tables of both papers are there, in their order', async () => {
  expect(await tableNames()).toEqual(names);
});

describe.each(names)('table %s', (name) => {
  test('says of every row what the paper prints and how it is made', async () => {
    const table = await readTable(name);
    for (const { rows } of table.parts) {
      expect(rows.length).toBeGreaterThan(1);
      expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    }
    if (table.source === 'fits') {
      // The paper's counts: what says that its networks are ours.
      for (const row of table.parts.flatMap(({ rows }) => rows)) {
        const { kind, ...options } = networkOf(table, row);
        using network = createInr(kind, options);
        expect([row.name, network.parameterCount]).toEqual([row.name, row.parameters]);
      }
      return;
    }
    for (const { with: words } of table.parts.flatMap(({ rows }) => rows)) {
      if (words?.run === undefined) continue;
      const folder = name.startsWith('analysis') ? join(configs, 'classifiers') : configs;
      expect(existsSync(join(folder, `${words.run}.json`))).toBe(true);
    }
  });
});

/** [table, part, row, column, value, deviation], as read off the paper's pages. */
const printed: [string, string, string, string, number, number?][] = [
  ['1', '1.5 s', 'KAN', 'pesq', 3.57, 0.42],
  ['1', '1.5 s', 'KAN', 'mse', 6.7e-4, 2e-3],
  ['1', '1.5 s', 'FINER', 'siSnr', 23.29, 4.29],
  ['1', '3 s', 'KAN', 'lsd', 1.34, 0.19],
  ['1', '3 s', 'RFF', 'cdpam', 0.4, 0.14],
  ['2', 'Validation', 'FewSound 41.2M', 'siSnr', 5.03],
  ['3', 'Validation', 'SIREN', 'siSnr', -9.4],
  ['4', 'Validation', 'KAN', 'mse', 0.007],
  ['5', 'Validation', 'Spectral', 'stoi', 0.8],
  ['6', 'Validation', 'LibriSpeech, KAN', 'lsd', 1.93],
  ['6', 'Validation', 'UrbanSound8K, KAN', 'siSnr', -11.86],
  ['7', '1.5 s', '16', 'psnr', 46.86],
  ['8', '1.5 s', '[96, 48, 24]', 'pesq', 4.02],
  ['9', '1.5 s', '3', 'lsd', 1.23],
  ['10', '1.5 s', '17', 'cdpam', 0.13],
  ['11', '1.5 s', 'KAN', 'wd', 79.72],
  ['12', '3 s', '24', 'siSnr', 17.18],
  ['13', '3 s', '[24, 12, 6]', 'stoi', 0.89],
  ['14', '3 s', '5', 'psnr', 39.09],
  ['15', '3 s', '1', 'mse', 2.9e-3],
  ['16', '3 s', '0.001', 'pesq', 1.93],
  ['17', '1.5 s', 'False', 'pesq', 2.74],
  ['18', '1.5 s', 'SIREN', 'mse', 3.7e-3, 2.5e-2],
  ['19', '1.5 s', 'SIREN', 'siSnr', 17.15, 12.58],
  ['analysis-1', 'InceptionNet', 'VC', 'accuracy', 0.62, 0.043],
  ['analysis-2', 'Segmental', 'II', 'B', 4.82],
  ['analysis-3', 'Multi-resolution', 'III', 'muAvg', 0.2],
  ['analysis-4', 'Inc-TSSDNet', 'V', 'betaAvg', 62.1708],
];

test.each(printed.map((each) => ({ each })))('prints $each', async ({ each }) => {
  const [name, part, row, key, value, deviation] = each;
  const { columns, parts } = await readTable(name);
  const found = parts.find((each) => each.name === part)?.rows.find((each) => each.name === row);
  const column = columns.indexOf(key);
  expect(found?.paper[column]).toBe(value);
  expect(found?.deviation?.[column]).toBe(deviation);
});

test('the first layer of a published model has its only bound above 0 (analysis, table 4)', () => {
  const rows = stored('analysis-4').parts[0].rows as { paper: number[] }[];
  expect(rows.map(({ paper }) => paper[0])).toEqual([0.3457, 0, 0, 0, 0]);
});

test('refuses an unknown table, and says which there are', async () => {
  await expect(readTable('20')).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'table',
    message: expect.stringMatching(/19, analysis-1/),
  });
});

describe('a table that is wrong', () => {
  const wrong = (change: (table: ReturnType<typeof stored>) => void) => {
    const table = stored('7');
    change(table);
    return () => parseTable(table, '7.json');
  };
  test.each([
    ['a number that is missing', 'parts.0.rows.1.paper', (t) => t.parts[0].rows[1].paper.pop()],
    [
      'a deviation too many',
      'parts.0.rows.0.deviation',
      (t) => (t.parts[0].rows[0].deviation = [1]),
    ],
    ['text for a number', 'parts.0.rows.2.paper.3', (t) => (t.parts[0].rows[2].paper[3] = '9')],
    ['an unknown network', 'network', (t) => (t.network.kind = 'mlp')],
    ['an unknown field', 'remark', (t) => (t.remark = '')],
  ] as [string, string, (table: ReturnType<typeof stored>) => void][])(
    'is refused for %s, by its field',
    (_, field, change) => {
      expect(wrong(change)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
    },
  );
});
