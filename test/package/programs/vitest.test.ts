// Run by Vitest in a project that has the package installed.
import { createClip, fit, loadClip, Siren, scope, tensor } from 'fewsound';
import { expect, test } from 'vitest';

test('a fit', async () => {
  const tone = Float32Array.from({ length: 4096 }, (_, i) => 0.6 * Math.sin(i / 9));
  const { losses } = await fit(new Siren({ seed: 1 }), createClip(tone, 8000), { steps: 5 });
  expect(losses).toHaveLength(5);
  expect(losses[4]).toBeLessThan(losses[0] as number);
});

test('tensors', () => {
  expect(scope(() => tensor([1, 2, 3]).mul(2).toArray())).toEqual([2, 4, 6]);
});

test.each(['WAV', 'FLAC', 'MP3'])('a recording in %s', async (format) => {
  const path = process.env[format] as string;
  expect(await loadClip(path, { samples: 1000 })).toMatchObject({ length: 1000 });
});
