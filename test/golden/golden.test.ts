import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { passes } from '../conformance/comparison';
import { checkFile } from '../conformance/run-conformance';

// What the files hold and how they were made: generate.py, and pitch.py for pitch_*. Tolerances and why: ../conformance/tolerance.ts.
const files = readdirSync(__dirname).filter((name) => name.endsWith('.safetensors'));

it.each(files)('%s', async (file) => {
  const { status, comparisons, problem } = await checkFile(join(__dirname, file));
  expect(problem).toBeUndefined();
  expect(comparisons.filter((comparison) => !passes(comparison))).toEqual([]);
  expect(status).toBe('pass');
});

it('every kind of file is there', () => {
  const kinds = files.map((name) => name.replace(/(_g\d.*|_float64)?\.safetensors$/, ''));
  const networks = ['kan', 'nerf', 'siren', 'finer', 'rff', 'wire'];
  const others = ['bspline_bases', 'kan_batched', 'mel_stft_loss', 'metrics', 'onecycle'];
  const encoders = ['soundstream', 'snac', 'whisper', 'spectral'].map((kind) => `${kind}_encoder`);
  const hyper = [...encoders, 'fewsound_kan', 'fewsound_nerf', 'fewsound_siren'];
  const pitches = ['pitch_default', 'pitch_encoder', 'pitch_decimated'];
  const trained = networks.map((kind) => `train_${kind}`);
  const expected = [...networks, ...others, ...trained, ...hyper, ...pitches];
  expect([...new Set(kinds)].sort()).toEqual(expected.sort());
});
