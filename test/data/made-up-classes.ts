import { RATE, wav, writeFiles } from './made-up-corpus';

/** A tone of a pitch of its own with a phase and a length of its own. */
export function pitch(hertz: number, index: number, samples = 700): Float32Array {
  const length = samples - 13 * (index % 7);
  return Float32Array.from(
    { length },
    (_, i) => (0.3 + 0.05 * (index % 5)) * Math.sin((2 * Math.PI * hertz * i) / RATE + index * 1.3),
  );
}

export const PITCHES = { low: 300, middle: 900, high: 2000 } as const;

/** A folder with a sub-folder for each pitch. */
export async function writeClassFolders(folder: string, perClass = 20): Promise<void> {
  const files = Object.entries(PITCHES).flatMap(([name, hertz]) =>
    Array.from({ length: perClass }, (_, i) => [`${name}/${i}.wav`, wav(pitch(hertz, i))] as const),
  );
  await writeFiles(folder, Object.fromEntries(files));
}
