import { comparisonText, metricsText } from '../../lib/cli/terminal/metrics';
import { clock, FIT_PROGRESS } from '../../lib/cli/terminal/progress';

test('a metric without a number says why', () => {
  const text = metricsText({ mse: 0, siSnr: null });
  expect(text).toMatch(/^SI-SNR\s+–\s+undefined: one of the signals is silent or constant$/m);
});

test('a comparison stars the best of each metric', () => {
  const text = comparisonText(
    [
      { name: 'KAN', parameters: 46_704, metrics: { lsd: 1.2, siSnr: 3 }, seconds: 61 },
      { name: 'SIREN', parameters: 31_191, metrics: { lsd: 1.3, siSnr: null }, seconds: 5 },
    ],
    { name: 'MDCT', parameters: 46_704, metrics: { lsd: 0.5, siSnr: 30 } },
  );
  expect(text).toMatch(/^KAN\s+46,704\s+3\.00\*\s+1\.200\*\s+1 min 1 s$/m);
  expect(text).toMatch(/^SIREN\s+31,191\s+–\s+1\.300\s+5\.00 s$/m);
  // The yardstick does not compete.
  expect(text).toMatch(/^MDCT\s+46,704\s+30\.00\s+0\.5000\s*$/m);
});

test('what is left of a recording in pieces is that of all of them', () => {
  const look = async () => undefined;
  const state = { step: 500, steps: 1000, loss: 0.1, siSnr: 3, stepsPerSecond: 100, look };
  const times = { secondsElapsed: 5, secondsLeft: 5 };
  const left = (place: object) => FIT_PROGRESS.describe({ ...state, ...times, ...place });
  expect(left({})).toMatch(/0:05 left$/);
  expect(left({ piece: 0, pieces: 13 })).toMatch(/^piece 1\/13 .* 2:05 left$/);
});

test('time left is a clock', () => {
  expect([0, 65, 3661, Number.POSITIVE_INFINITY].map(clock)).toEqual([
    '0:00',
    '1:05',
    '1:01:01',
    '–:––',
  ]);
});
