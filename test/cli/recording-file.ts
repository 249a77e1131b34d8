import { join } from 'node:path';
import { writeWav } from '../../lib/audio';

export const SAMPLE_RATE = 8000;

/** A short recording on disk: two tones. */
export async function writeRecording(
  folder: string,
  name = 'tones.wav',
  samples = 6000,
): Promise<string> {
  const path = join(folder, name);
  await writeWav(
    path,
    {
      samples: Float32Array.from(
        { length: samples },
        (_, index) => 0.6 * Math.sin(index / 3) + 0.3 * Math.sin(index / 17),
      ),
      sampleRate: SAMPLE_RATE,
    },
    { bitDepth: 32 },
  );
  return path;
}

/** Options of a fit that takes a moment only. */
export const QUICK = [
  '--samples',
  '3000',
  '--layers',
  '6',
  '--grid',
  '4',
  '--order',
  '2',
  '--encoding',
  '4',
  '--steps',
  '4',
  '--threads',
  '1',
];
