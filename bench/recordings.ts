import { join } from 'node:path';
import { type Clip, crop, loadClip } from '../lib/audio/index.js';
import { packageRoot } from '../lib/setup/libtorch.js';

/** Of clips as in paper 1's Table 1. */
const RATE = 22_050;
const SAMPLES = 32_768;

/** audio-lena. */
export function bundledRecording(): string {
  return join(packageRoot(), 'node_modules', 'audio-lena', 'lena.wav');
}

/**
 * A recording's loudest 32,768 samples at 22,050 Hz, or with `@SECONDS` behind the name those from
 * there on.
 */
export async function clipOf(name: string): Promise<Clip> {
  const [, path, offset] = /^(.*?)(?:@([\d.]+))?$/.exec(name) as unknown as [
    string,
    string,
    string?,
  ];
  const options = { sampleRate: RATE };
  if (offset !== undefined) {
    return loadClip(path, { ...options, offset: Number(offset), samples: SAMPLES });
  }
  return loudest(await loadClip(path, options));
}

/** The stretch with the most energy. */
function loudest(clip: Clip): Clip {
  const { samples } = clip;
  if (samples.length <= SAMPLES) return clip;
  let [energy, best, start] = [0, -1, 0];
  for (let i = 0; i < samples.length; i++) {
    energy +=
      (samples[i] as number) ** 2 - (i < SAMPLES ? 0 : (samples[i - SAMPLES] as number) ** 2);
    if (i >= SAMPLES - 1 && energy > best) [best, start] = [energy, i - SAMPLES + 1];
  }
  return crop(clip, start, SAMPLES);
}
