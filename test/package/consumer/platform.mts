// The signals, URLs and arrays of Node.js or the DOM are those of the declarations. It is compiled,
// never run.
import { type FitOptions, fit, KAN, type LoadClipOptions, loadClip, tensor } from 'fewsound';

const signal: AbortSignal = new AbortController().signal;
const options: FitOptions & LoadClipOptions = { signal };
export const given: AbortSignal | undefined = options.signal;
const clip = await loadClip(new URL('speech.wav', 'file:///'), { signal });
await fit(new KAN({}), clip, options);
export const owned: ArrayBuffer = tensor([1]).data('float32').buffer;
