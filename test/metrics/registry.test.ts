import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMetric, metricNames, paperColumns } from '../../lib/metrics';
import type { Metric } from '../../lib/metrics/metric';
import {
  defaultMetrics,
  formatMetric,
  metricInWords,
  metrics,
  orderedMetrics,
  whyUndefined,
} from '../../lib/metrics/registry';
import { bestIndex } from '../../lib/report/tables';

test.each(metricNames)('%s describes itself, and docs/metrics.md has a row for it', (key) => {
  const { title, meaning, better } = describeMetric(key);
  expect(title).not.toBe(key);
  expect(meaning).not.toBe('');
  expect(whyUndefined(key)).toMatch(/^undefined/);
  const docs = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
  const row = docs.split('\n').find((line) => line.startsWith(`| \`${key}\` |`));
  expect(row?.split('|').at(-2)?.trim()).toBe(better);
});

describe('why CDPAM has no number', () => {
  const { needs } = metrics.find(({ name }) => name === 'cdpam') as Metric;
  const setUp = (done: boolean) =>
    jest.spyOn(needs?.setup as { isDone(): boolean }, 'isDone').mockReturnValue(done);
  const { FEWSOUND_SKIP_METRICS: skipped = '' } = process.env;
  beforeEach(() => {
    process.env.FEWSOUND_SKIP_METRICS = '';
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.env.FEWSOUND_SKIP_METRICS = skipped;
  });

  test('where it is not set up, that may be why', () => {
    setUp(false);
    expect(whyUndefined('cdpam')).toMatch(/more than 30 s.*, or CDPAM is not set up/);
  });

  test('where it is set up, the sound is too long', () => {
    setUp(true);
    expect(whyUndefined('cdpam')).toBe('undefined: sounds of more than 30 s are left out');
  });

  test('where the environment leaves it out, nothing else is said', () => {
    process.env.FEWSOUND_SKIP_METRICS = 'pesq,cdpam';
    expect(whyUndefined('cdpam')).toBe('undefined: FEWSOUND_SKIP_METRICS leaves it out');
  });
});

test('names are unique, and so are the columns of the paper', () => {
  expect(new Set(metricNames).size).toBe(metricNames.length);
  const columns = paperColumns.map((key) => describeMetric(key).paperColumn);
  expect(columns).toEqual(columns.map((_, index) => index + 1));
});

test('what is slow or says nothing new is measured only if asked for', () => {
  expect(metricNames.filter((key) => !defaultMetrics('validations').includes(key))).toEqual([
    'cdpam',
  ]);
  expect(metricNames.filter((key) => !defaultMetrics('fits').includes(key))).toEqual(['mae']);
});

test('the best is the lowest error and the highest ratio, undefined values apart', () => {
  expect(bestIndex('lsd', [2, 1, 3])).toBe(1);
  expect(bestIndex('siSnr', [-4, null, -5])).toBe(0);
  expect(bestIndex('siSnr', [null, null])).toBeUndefined();
  expect(bestIndex('lsd', [2])).toBeUndefined();
});

test('numbers are written with the digits that matter', () => {
  expect(formatMetric('siSnr', -4.256)).toBe('−4.26');
  expect(formatMetric('snr', -0.0004)).toBe('0.00');
  expect(formatMetric('mse', 0.000123456)).toBe('1.235e−4');
  expect(formatMetric('wd', 79.7234)).toBe('79.72');
  expect(formatMetric('accuracy', 0.871)).toBe('87.10');
  expect(formatMetric('lsd', null)).toBe('–');
  expect(metricInWords('siSnr', 24.25)).toBe('SI-SNR 24.25 dB');
  expect(metricInWords('siSnr', null)).toBe('SI-SNR –');
});

test('tables have one order, with unknown metrics last', () => {
  expect(orderedMetrics(['mos', 'wd', 'mse', 'wd'])).toEqual(['mse', 'wd', 'mos']);
});
