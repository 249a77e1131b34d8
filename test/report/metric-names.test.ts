import { metricNames } from '../../lib/metrics';
import { bestIndex, describeMetric, formatMetric, orderedMetrics } from '../../lib/report/metrics';

test('every metric of evaluate has a name, a meaning and a reason for being undefined', () => {
  for (const key of metricNames) {
    const { name, meaning, undefinedBecause } = describeMetric(key);
    expect(name).not.toBe(key);
    expect(meaning).not.toBe('');
    expect(undefinedBecause).toMatch(/^undefined/);
  }
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
  expect(formatMetric('lsd', null)).toBe('–');
});

test('tables have one order, with unknown metrics last', () => {
  expect(orderedMetrics(['mos', 'wd', 'mse', 'wd'])).toEqual(['mse', 'wd', 'mos']);
});
