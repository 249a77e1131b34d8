import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClassifierReportInput, writeClassifierReport } from '../../lib/report';
import { renderClassifierReport } from '../../lib/report/classifier-report';
import {
  classifierRecords,
  sampleClassifier,
  sampleConfusion,
  sampleGeometry,
  sampleTest,
} from './sample-classifier';
import { STEPS_PER_EPOCH } from './sample-training';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-classifier-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Without what is optional. */
function bare(changes: Partial<ClassifierReportInput> = {}): ClassifierReportInput {
  const { bestStep: _, test: __, geometry: ___, ...input } = sampleClassifier();
  return { ...input, records: [], ...changes };
}

/** Titles of the sections, in the order of the page. */
const sections = (text: string) =>
  [...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title = '']) => title);

/** The plots by what they say to those who cannot see them. */
const labels = (text: string) =>
  [...text.matchAll(/<svg class="plot(?: on-wide)?"[^>]*aria-label="([^"]*)"/g)].map(
    ([, label = '']) => label,
  );

/** The wide picture of the confusion matrix. */
const matrix = (text: string) =>
  /<svg class="plot on-wide"[^>]*aria-label="Confusion[\s\S]*?<\/svg>/.exec(text)?.[0] ?? '';

/** The texts of a picture, and how many filled cells it has. */
const texts = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/gs)].map(([, text = '']) => text);
const cells = (svg: string) => svg.match(/fill="var\(--series-[01]\)"/g)?.length;

/** Rows of the table of classes, a list of cells each. */
function classRows(text: string): string[][] {
  const table = /Recall \(%\)[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(text)?.[1] ?? '';
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell),
  );
}

describe('the report of a classifier', () => {
  let text: string;
  beforeAll(async () => {
    text = await renderClassifierReport(sampleClassifier());
  });

  test('has its parts in their order', () => {
    expect(text).toContain('<h1>A CNN on digits</h1>');
    expect(text).toContain('500 steps in 10 epochs and 1 min 45 s.');
    expect(sections(text)).toEqual([
      'Confusion of the classes',
      'Course of the training',
      'Validations',
      'Geometry of the layers',
      'Settings',
    ]);
    expect(text).toContain('<th scope="row">schedule.kind</th><td>cosine</td>');
  });

  test('shows the figures that matter most first', () => {
    const figures = [
      ...text.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)(?:<small>(.*?)<\/small>)?<\/dd>/g),
    ].map(([, name, value, unit = '']) => [name, value, unit]);
    expect(figures).toEqual([
      ['Test accuracy', '87.10', '%'],
      ['Test loss', '0.4321', ''],
      ['Validation accuracy', expect.stringMatching(/^9\d\.\d\d$/), '%'],
      ['Epochs', '10', ''],
      ['Steps', '500', ''],
      ['Time', '1 min 45 s', ''],
    ]);
    expect(text).toContain('31 recordings that training and validation never heard');
    expect(text).toContain('The validation is the best one, after epoch 8.');
  });

  test('draws the confusion matrix with truth as rows, its numbers and its names', () => {
    const svg = matrix(text);
    expect(svg).toContain(
      'Confusion matrix of 3 classes: 27 of 31 recordings were taken for what they are; most often low was taken for middle, 2 times',
    );
    // Never is left out.
    expect(cells(svg)).toBe(6);
    expect(texts(svg).sort()).toEqual(
      [
        ...['Taken for', 'Truth'],
        ...['high', 'high', 'low', 'low', 'middle', 'middle'],
        ...['9', '9', '9', '1', '2', '1'],
      ].sort(),
    );
    // The second row is taken for the third class: its cell lies to the right of the diagonal.
    const at = [...svg.matchAll(/<text[^>]*translate\(([\d.]+),([\d.]+)\)[^>]*>2<\/text>/g)];
    expect(at).toHaveLength(1);
    expect(Number(at[0]?.[1])).toBeGreaterThan(Number(at[0]?.[2]));
  });

  test('has recall and precision of each class, and its most frequent mistake', () => {
    expect(classRows(text)).toEqual([
      ['high', '10', '90.00', '90.00', 'low (1)'],
      ['low', '11', '81.82', '90.00', 'middle (2)'],
      ['middle', '10', '90.00', '81.82', 'high (1)'],
    ]);
  });

  test('draws loss, accuracy, learning rate and gradients over epochs, and changes of the geometry', () => {
    expect(labels(text)).toEqual([
      expect.stringMatching(/^Confusion matrix/),
      expect.stringMatching(/^Loss .* Training from .* Validation from/),
      expect.stringMatching(/^Accuracy \(%\) of the validations: Validation from .* % to 9.* %$/),
      expect.stringMatching(/^Learning rate over the training/),
      expect.stringMatching(/^Gradient norm over the training/),
      expect.stringMatching(/^Change of Mutual coherence μ over the epochs: I from 0/),
      expect.stringMatching(/^Change of Average coherence .* I from 0\.00 to 0\.0100; II/),
      expect.stringMatching(/^Change of Average angle .* I from 0\.00 to -0\.100; II/),
      expect.stringMatching(/^Change of Upper bound B/),
    ]);
    expect(text).toContain('The dashed line is at the best validation.');
  });

  test('has the layers before and after training in the form of the paper', () => {
    const head = [...text.matchAll(/<th scope="colgroup"[^>]*>(.*?)<\/th>/g)].map(
      ([, name]) => name,
    );
    expect(head).toEqual(['Before training', 'After epoch 10']);
    expect(text).toMatch(
      /<th scope="row">β avg<\/th>(<td class="number">72\.0779<\/td>){3}(<td class="number">71\.9779<\/td>){3}/,
    );
  });

  test('marks the best validation in the table', () => {
    expect(text).toMatch(/<tr class="kept"><th scope="row">8 <span class="tag">best<\/span>/);
    expect(text).toContain('Accuracy (%) ');
  });

  test('refers to nothing outside itself and holds no number that is none', () => {
    for (const [, address] of text.matchAll(/(?:src|href)="([^"]*)"/g)) {
      expect(address).toMatch(/^(data:|#)/);
    }
    expect(/.{0,80}(NaN|Infinity|undefined)/.exec(text)?.[0]).toBeUndefined();
  });
});

describe('names of classes', () => {
  const hostile = ['<script>alert(1)</script>', '"quoted" & \'so\'', 'line\u2028end ]} + 1', '\\'];

  test('are text wherever they stand', async () => {
    const test = sampleTest(hostile);
    const text = await renderClassifierReport(bare({ test }));
    expect(text).not.toMatch(/<script>alert/);
    expect(classRows(text).map(([label]) => label)).toEqual([
      '&lt;script&gt;alert(1)&lt;/script&gt;',
      '&quot;quoted&quot; &amp; &#39;so&#39;',
      'line\u2028end ]} + 1',
      '\\',
    ]);
    const drawn = texts(matrix(text)).join('\n');
    expect(drawn).toContain('&lt;script&gt;');
    expect(drawn).toContain('line\u2028end');
  });

  test('may be the same', async () => {
    const test = sampleTest(['a', 'a', 'a']);
    const text = await renderClassifierReport(bare({ test }));
    expect(cells(matrix(text))).toBe(6);
    expect(classRows(text)).toHaveLength(3);
  });
});

test('many classes have colors and names without numbers, in a small page', async () => {
  const many = Array.from({ length: 110 }, (_, index) => `speaker ${index}`);
  const text = await renderClassifierReport(bare({ test: sampleTest(many) }));
  const svg = matrix(text);
  expect(cells(svg)).toBe(220);
  expect(texts(svg)).not.toContain('9');
  expect(texts(svg).filter((name) => name === 'speaker 57')).toHaveLength(2);
  expect(svg).toMatch(/style="width:1[34]\d\d(\.\d+)?px"/);
  expect(classRows(text)).toHaveLength(110);
  expect(text.length).toBeLessThan(600_000);
});

test('classes without recordings, and classes that nothing was taken for, have a dash', async () => {
  const confusion = {
    labels: ['a', 'b', 'c'],
    counts: [
      [3, 0, 1],
      [2, 0, 0],
      [0, 0, 0],
    ],
  };
  const text = await renderClassifierReport(bare({ test: sampleTest([], { confusion }) }));
  expect(classRows(text)).toEqual([
    ['a', '4', '75.00', '60.00', 'c (1)'],
    ['b', '2', '0.00', '–', 'a (2)'],
    ['c', '0', '–', '0.00', ''],
  ]);
});

describe('a training that', () => {
  test('was stopped has no test part and says so', async () => {
    const records = classifierRecords(2);
    const text = await renderClassifierReport(bare({ records, plannedSteps: 5000 }));
    expect(text).toContain('The training was to have 5,000 steps');
    expect(text).toContain('The test part is judged when a training has come to its end.');
    expect(text).toContain('The validation is the last one, after epoch 2.');
    expect(sections(text)).toEqual(['Course of the training', 'Validations', 'Settings']);
  });

  test('ended before its first step, or before its first validation, has a report all the same', async () => {
    const nothing = await renderClassifierReport(bare());
    expect(nothing).toContain('Nothing was recorded');
    expect(nothing).not.toMatch(/<svg|<dl/);
    const records = classifierRecords(1).slice(0, 20);
    const begun = await renderClassifierReport(bare({ records }));
    expect(begun).toContain('20 steps in 1 epoch');
    expect(sections(begun)).toEqual(['Course of the training', 'Settings']);
  });

  test.each([null, Number.NaN])('came to nothing (%p) shows what there is', async (loss) => {
    const records = classifierRecords(2).map((record) => ({
      ...record,
      loss,
      ...(record.kind === 'validation' && { accuracy: loss }),
    }));
    const test = sampleTest(['a', 'b'], { loss });
    const text = await renderClassifierReport(bare({ records, test }));
    expect(text).not.toContain('aria-label="Loss over');
    expect(text).not.toContain('aria-label="Accuracy');
    expect(text).toContain('<dt>Test loss</dt><dd>–</dd>');
    expect(text).not.toContain('NaN');
  });
});

describe('the geometry', () => {
  test('of one epoch is a table alone', async () => {
    const text = await renderClassifierReport(bare({ geometry: sampleGeometry([0]) }));
    expect(sections(text)).toContain('Geometry of the layers');
    expect(labels(text)).toEqual([]);
    expect(text).toContain('72.0779');
  });

  test('of layers that are not the same, or have no figures, has what can be drawn', async () => {
    const [first, second] = [sampleGeometry([0]), sampleGeometry([1], ['I', 'II'])];
    const other = await renderClassifierReport(bare({ geometry: [...first, ...second] }));
    expect(labels(other)).toEqual([]);
    const dead = sampleGeometry([0, 1]).map(({ epoch, layers }) => ({
      epoch,
      layers: layers.map((layer, i) =>
        i === 0 ? { ...layer, mu: Number.NaN, B: Number.NaN } : layer,
      ),
    }));
    const text = await renderClassifierReport(bare({ geometry: dead }));
    expect(text).toContain('–');
    expect(text).not.toContain('NaN');
    const none = await renderClassifierReport(bare({ geometry: [{ epoch: 0, layers: [] }] }));
    expect(sections(none)).toEqual(['Settings']);
  });

  test('of many layers has a row for each, and curves of the first', async () => {
    const names = Array.from({ length: 13 }, (_, index) => `conv${index}`);
    const geometry = sampleGeometry([0, 1, 2], names);
    const text = await renderClassifierReport(bare({ geometry }));
    expect(text.match(/<th scope="row">(Before training|After epoch 2)<\/th>/g)).toHaveLength(26);
    expect(text).toContain('The curves are of the first 7 of 13 layers.');
  });
});

test.each<[string, Partial<ClassifierReportInput>]>([
  ['bestStep', { bestStep: 7 }],
  ['stepsPerEpoch', { stepsPerEpoch: 0 }],
  ['confusion', { test: sampleTest([]) }],
  [
    'confusion',
    { test: sampleTest(['a'], { confusion: { ...sampleConfusion(['a', 'b']), labels: ['a'] } }) },
  ],
  ['confusion', { test: sampleTest(['a'], { confusion: { labels: ['a'], counts: [[1.5]] } }) }],
  ['confusion', { test: sampleTest(['a'], { confusion: { labels: ['a'], counts: [[-1]] } }) }],
  ['geometry', { geometry: sampleGeometry([1, 1]) }],
  ['geometry', { geometry: sampleGeometry([0.5]) }],
])('a bad %s is refused and nothing is written', async (field, changes) => {
  const report = writeClassifierReport(join(folder, 'report.html'), bare(changes));
  await expect(report).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
  expect(await readdir(folder)).toEqual([]);
});

test('is written, or fails with IO', async () => {
  const path = join(folder, 'report.html');
  const input = bare({ records: classifierRecords(1), bestStep: STEPS_PER_EPOCH });
  await writeClassifierReport(path, input);
  expect(await readFile(path, 'utf8')).toContain('</html>');
  await expect(writeClassifierReport(join(path, 'x'), input)).rejects.toMatchObject({ code: 'IO' });
});
