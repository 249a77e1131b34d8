// Run by Jest as it is, without a flag or a configuration, in a project that has the package
// installed.
const { createClip, fit, loadClip, Siren, scope, tensor, writeWav } = require('fewsound');

const tone = Float32Array.from({ length: 4096 }, (_, i) => 0.6 * Math.sin(i / 9));

test('a fit', async () => {
  const siren = new Siren({ layers: [16, 16], seed: 1 });
  const options = { steps: 5, threads: 1 };
  const { losses } = await fit(siren, createClip(tone, 8000), options);
  expect(losses).toHaveLength(5);
  expect(losses[4]).toBeLessThan(losses[0]);
});

test('a signal stops a fit', async () => {
  const signal = AbortSignal.abort();
  const fitting = fit(new Siren({ seed: 1 }), createClip(tone, 8000), { steps: 5, signal });
  await expect(fitting).rejects.toMatchObject({ code: 'ABORTED' });
});

test('tensors', () => {
  expect(scope(() => tensor([1, 2, 3]).mul(2).toArray())).toEqual([2, 4, 6]);
});

test('a file is written and read again', async () => {
  await writeWav('jest.wav', { samples: tone, sampleRate: 8000 });
  expect(await loadClip('jest.wav')).toMatchObject({ length: 4096, sampleRate: 8000 });
});

test.each(['WAV', 'FLAC', 'MP3'])('a recording in %s', async (format) => {
  expect(await loadClip(process.env[format], { samples: 1000 })).toMatchObject({ length: 1000 });
});
