import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeWav } from '../../lib/audio';
import type { CorpusKind } from '../../lib/data';

export const RATE = 8000;

/** A second or so of sound that nothing else sounds like. */
export function tone(index: number, samples = RATE): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, i) => 0.4 * Math.sin((i * (index + 3)) / 40) + 0.2 * Math.sin((i * i) / 90_000 + index),
  );
}

export function wav(samples: Float32Array, sampleRate = RATE): Uint8Array {
  return encodeWav({ samples, sampleRate }, { bitDepth: 32 });
}

/** Writes files by their paths below a folder. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const pad = (value: number, digits = 3) => String(value).padStart(digits, '0');

/** Names of a small corpus in the layout of each kind. */
const layouts: Record<CorpusKind, () => string[]> = {
  vctk: () =>
    range(12).flatMap((speaker) =>
      [1, 2].flatMap((sentence) =>
        [1, 2].map((microphone) => {
          const name = `p${225 + speaker}`;
          return `wav48_silence_trimmed/${name}/${name}_${pad(sentence)}_mic${microphone}.flac`;
        }),
      ),
    ),
  'noisy-vctk': () => [
    ...range(3).map((i) => `noisy_trainset_28spk_wav/p226_${pad(i)}.wav`),
    ...range(2).map((i) => `noisy_trainset_56spk_wav/p234_${pad(i)}.wav`),
    ...range(2).map((i) => `noisy_testset_wav/p232_${pad(i)}.wav`),
  ],
  librispeech: () => [
    ...range(3).map((i) => `LibriSpeech/train-clean-100/103/1240/103-1240-${pad(i, 4)}.flac`),
    ...range(2).map((i) => `LibriSpeech/test-other/1688/142285/1688-142285-${pad(i, 4)}.flac`),
  ],
  ljspeech: () => range(40).map((i) => `LJSpeech-1.1/wavs/LJ001-${pad(i + 1, 4)}.wav`),
  gtzan: () =>
    ['blues', 'jazz'].flatMap((genre) =>
      range(10).map((i) => `genres/${genre}/${genre}.${pad(i, 5)}.wav`),
    ),
  urbansound8k: () =>
    range(10).flatMap((fold) =>
      range(2).map((i) => `UrbanSound8K/audio/fold${fold + 1}/10${fold}-${3 * i}-0-0.wav`),
    ),
  'speech-commands': () =>
    ['yes', 'no'].flatMap((word) => range(4).map((i) => `${word}/${pad(i)}_nohash_0.wav`)),
  folder: () => range(20).map((i) => `${i % 2 ? 'odd/deep' : 'even'}/${pad(i)}.wav`),
};

/**
 * Writes a small corpus in the layout that the archive of its kind unpacks to; every file sounds
 * different.
 */
export async function writeCorpus(
  kind: CorpusKind,
  folder: string,
  samples: (index: number) => number = () => RATE,
): Promise<void> {
  const files: Record<string, Uint8Array | string> = {};
  for (const [index, name] of layouts[kind]().entries()) {
    // A name does not make a format: the content decides.
    files[name] = wav(tone(index, samples(index)));
  }
  if (kind === 'vctk') files['wav48_silence_trimmed/log.txt'] = 'not a speaker';
  if (kind === 'librispeech') files['LibriSpeech/README.TXT'] = 'about';
  if (kind === 'speech-commands') {
    files['validation_list.txt'] = 'yes/000_nohash_0.wav\nno/001_nohash_0.wav\n';
    files['testing_list.txt'] = 'no/002_nohash_0.wav\r\n';
    files['_background_noise_/tap.wav'] = wav(tone(1));
  }
  await writeFiles(folder, files);
}
