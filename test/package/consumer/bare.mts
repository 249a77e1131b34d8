// A program in a project that has neither the types of Node.js nor those of the DOM. It is compiled
// against the installed package, never run.
import { type Clip, createClip, fit, KAN, loadClip, tensor } from 'fewsound';
import { prefetch } from 'fewsound/data';

const clip: Clip = createClip(new Float32Array(4096), 8000);
const kan = new KAN({ grid: 10, order: 3, seed: 1 });
const { losses } = await fit(kan, clip, {
  signal: {
    aborted: false,
    reason: undefined,
    addEventListener: (_type: 'abort', _listener: () => void) => {},
    removeEventListener: () => {},
  },
});
const last: number | undefined = losses.at(-1);
await loadClip({ href: 'file:///speech.wav', protocol: 'file:', host: '' });
const values: Float32Array = tensor([last ?? 0]).data('float32');
kan[Symbol.dispose]();

type Batches = Parameters<typeof prefetch>[0];
export async function* squares(batches: Batches): AsyncGenerator<number> {
  for await (const { samples } of prefetch(batches, { batchSize: values.length })) {
    yield samples.reduce((sum, value) => sum + value * value, 0);
  }
}

// Where the declarations came out as `any`, nothing of this would be an error.
// @ts-expect-error a signal is more than a flag
await fit(kan, clip, { signal: { aborted: false } });
// @ts-expect-error a URL is no number
await loadClip(3);
// @ts-expect-error float32 gives no other array
export const doubles: Float64Array = tensor([1]).data('float32');
