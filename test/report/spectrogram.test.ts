import {
  fftSizeFor,
  levelDifference,
  levelsInDecibels,
  palette,
  peakPower,
  powerSpectrogram,
  spectrogramImage,
} from '../../lib/report/spectrogram';

const sine = (hertz: number, sampleRate: number, samples: number) => ({
  sampleRate,
  samples: Float32Array.from({ length: samples }, (_, index) =>
    Math.sin((2 * Math.PI * hertz * index) / sampleRate),
  ),
});

/** Bin with the most power in the middle of the recording. */
function loudestBin({
  values,
  bins,
  frames,
}: {
  values: Float32Array;
  bins: number;
  frames: number;
}) {
  const middle = Math.floor(frames / 2);
  let best = 0;
  for (let bin = 0; bin < bins; bin++) {
    if ((values[bin * frames + middle] as number) > (values[best * frames + middle] as number))
      best = bin;
  }
  return best;
}

describe('powerSpectrogram', () => {
  test('shows a tone at its frequency', () => {
    const spectrogram = powerSpectrogram(sine(2000, 16_000, 16_000), {
      fftSize: 512,
      columns: 200,
    });
    expect(spectrogram).toMatchObject({ bins: 257, frames: 200, duration: 1, sampleRate: 16_000 });
    expect(loudestBin(spectrogram)).toBe(64);
  });

  test('has the power of a windowed tone: a quarter of the squared sum of the window', () => {
    const spectrogram = powerSpectrogram(sine(2000, 16_000, 16_000), {
      fftSize: 512,
      columns: 200,
    });
    // The sum of a periodic Hann window is half its length.
    expect(peakPower(spectrogram)).toBeCloseTo((512 / 2 / 2) ** 2, -1);
  });

  test('averages the frames of a long recording: as many columns, the same power', () => {
    const long = powerSpectrogram(sine(1000, 8000, 800_000), { fftSize: 256, columns: 100 });
    expect(long.frames).toBe(100);
    expect(loudestBin(long)).toBe(32);
    expect(peakPower(long)).toBeCloseTo((256 / 4) ** 2, -1);
  });

  test.each([1, 2, 100])('takes a recording of %d samples', (count) => {
    const { values, frames } = powerSpectrogram(sine(100, 8000, count), {
      fftSize: 256,
      columns: 50,
    });
    expect(frames).toBeGreaterThan(0);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

test('the window is about 46 milliseconds at every rate', () => {
  expect(fftSizeFor(22_050)).toBe(1024);
  expect(fftSizeFor(44_100)).toBe(2048);
  expect(fftSizeFor(8000)).toBe(256 * 2 ** Math.round(Math.log2((8000 * 0.0464) / 256)));
});

test('levels are decibels below the reference, with a floor, also in silence', () => {
  const power = {
    values: Float32Array.of(1, 0.01, 0),
    bins: 1,
    frames: 3,
    sampleRate: 8000,
    duration: 1,
  };
  const levels = levelsInDecibels(power, 1, -80);
  expect([...levels.values].map(Math.round)).toEqual([0, -20, -80]);
  expect([...levelsInDecibels({ ...power, values: new Float32Array(3) }, 0, -80).values]).toEqual([
    -80, -80, -80,
  ]);
  expect([...levelDifference(levels, levels).values]).toEqual([0, 0, 0]);
});

test('a picture has low frequencies at the bottom and the scale’s colors', async () => {
  const scale = { scheme: 'magma', domain: [-80, 0] } as const;
  // [bins, frames]: loud and low at the start, beyond the floor at the end and above.
  const image = await spectrogramImage(
    { values: Float32Array.of(0, -200, -80, -80), bins: 2, frames: 2 },
    scale,
  );
  const { decode } = await import('fast-png');
  const { width, height, data, palette: colors } = decode(image.png);
  const at = (x: number, y: number) => (colors as number[][])[data[y * width + x] as number];
  const [darkest, brightest] = await palette(scale, 2);
  expect([width, height]).toEqual([2, 2]);
  expect(at(0, 1)).toEqual(brightest);
  expect(at(1, 1)).toEqual(darkest);
  expect(at(0, 0)).toEqual(darkest);
});

test.each([
  ['values', 'SHAPE_MISMATCH', { bins: 3, frames: 2 }, [-80, 0]],
  ['domain', 'INVALID_ARGUMENT', { bins: 2, frames: 2 }, [0, -80]],
  ['domain', 'INVALID_ARGUMENT', { bins: 2, frames: 2 }, [Number.NaN, 0]],
] as const)('a picture of bad %s is refused', async (field, code, size, domain) => {
  const picture = spectrogramImage(
    { values: new Float32Array(4), ...size },
    { scheme: 'magma', domain },
  );
  await expect(picture).rejects.toMatchObject({ field, code });
});
