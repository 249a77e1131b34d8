// Run by Vitest in a project that has the package installed.
import { createClip, fit, loadClip, Siren, scope, tensor } from 'fewsound';
import { expect, test } from 'vitest';

test('a fit', async () => {
  const tone = Float32Array.from({ length: 4096 }, (_, i) => 0.6 * Math.sin(i / 9));
  const siren = new Siren({ layers: [16, 16], seed: 1 });
  const options = { steps: 5, threads: 1 };
  const { losses } = await fit(siren, createClip(tone, 8000), options);
  expect(losses).toHaveLength(5);
  expect(losses[4]).toBeLessThan(losses[0]);
});

test('tensors', () => {
  expect(scope(() => tensor([1, 2, 3]).mul(2).toArray())).toEqual([2, 4, 6]);
});

test.each(['WAV', 'FLAC', 'MP3'])('a recording in %s', async (format) => {
  const path = process.env[format];
  expect(await loadClip(path, { samples: 1000 })).toMatchObject({ length: 1000 });
});
