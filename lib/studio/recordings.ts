import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { type Clip, loadClip, mixDown, readAudio } from '../audio/index.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import { makeFolder, writeFileAtomic } from '../files.js';
import type { RecordingShape, Stretch } from './protocol.js';

/** Stretches of a recording whose shape is shown. */
const COLUMNS = 2000;

/** Most samples that a network is asked to learn at once. */
const LONGEST_STRETCH = 2 ** 20;

/** What was brought today and before. The page knows them by their ids, and no path. */
export class Recordings {
  readonly #paths = new Map<string, string>();

  /** @param folder for what is brought, made when something is */
  constructor(private readonly folder: string) {
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder).sort()) this.#know(join(folder, name));
  }

  get list(): { id: string; name: string }[] {
    return [...this.#paths].map(([id, path]) => ({ id, name: basename(path) }));
  }

  /** A recording of this machine, where it is. */
  async open(path: string): Promise<RecordingShape> {
    const shape = await shapeOf(path, path);
    return { ...shape, id: this.#know(resolve(path)), name: basename(path) };
  }

  /**
   * Keeps the bytes of a file.
   *
   * @throws FewSoundError where they are no sound that can be read; nothing is kept then
   */
  async bring(name: string, bytes: Uint8Array): Promise<RecordingShape> {
    const shape = await shapeOf(bytes, name);
    await makeFolder(this.folder);
    const path = await placeFor(this.folder, name, bytes, '.audio');
    if (!existsSync(path)) await writeFileAtomic(path, bytes);
    return { ...shape, id: this.#know(path), name: basename(path) };
  }

  async shape(id: string): Promise<RecordingShape> {
    const path = this.path(id);
    return { ...(await shapeOf(path, path)), id, name: basename(path) };
  }

  /** The stretch as a network would learn it. */
  clip(id: string, stretch: Stretch): Promise<Clip> {
    return loadClip(this.path(id), requireStretch(stretch));
  }

  /** @throws FewSoundError FILE_NOT_FOUND */
  path(id: string): string {
    const path = this.#paths.get(id);
    if (path !== undefined) return path;
    throw new FewSoundError('FILE_NOT_FOUND', 'There is no such recording here; bring it again.');
  }

  #know(path: string): string {
    const known = [...this.#paths].find(([, each]) => each === path)?.[0];
    if (known !== undefined) return known;
    const id = String(this.#paths.size + 1);
    this.#paths.set(id, path);
    return id;
  }
}

/**
 * Where a file that is brought is already, or can be: a name that no shell and no file system minds.
 *
 * @param usual extension of a file that has none
 */
export async function placeFor(
  folder: string,
  name: string,
  bytes: Uint8Array,
  usual: string,
): Promise<string> {
  const extension =
    extname(name)
      .replace(/[^.\w]/g, '')
      .slice(0, 12) || usual;
  const stem =
    basename(name, extname(name))
      .normalize('NFC')
      .replace(/[^\p{L}\p{N}_-]+/gu, '-')
      .slice(0, 60) || 'file';
  for (let count = 1; ; count++) {
    const path = join(folder, `${stem}${count === 1 ? '' : `-${count}`}${extension}`);
    if (!existsSync(path) || (await readFile(path)).equals(bytes)) return path;
  }
}

/** @throws FewSoundError INVALID_ARGUMENT */
export function requireStretch(stretch: Stretch): Stretch {
  if (Number.isInteger(stretch.samples) && stretch.samples <= LONGEST_STRETCH) return stretch;
  const most = LONGEST_STRETCH.toLocaleString('en');
  throw invalidArgument(
    'samples',
    `The stretch has ${stretch.samples} samples; a network learns up to ${most} at once. Choose a shorter one.`,
  );
}

async function shapeOf(source: string | Uint8Array, name: string) {
  const { channels, sampleRate } = await readAudio(source).catch((error: unknown) => {
    // Of bytes it does not know what file they are of.
    if (!(error instanceof FewSoundError) || typeof source === 'string') throw error;
    throw new FewSoundError(error.code, error.message.replace(/^audio bytes/, name), {
      cause: error,
    });
  });
  const mixed = mixDown(channels);
  const columns = Math.min(COLUMNS, mixed.length);
  const least: number[] = [];
  const greatest: number[] = [];
  for (let column = 0; column < columns; column++) {
    const part = mixed.subarray(
      Math.floor((column * mixed.length) / columns),
      Math.floor(((column + 1) * mixed.length) / columns),
    );
    least.push(round(part.reduce((low, value) => Math.min(low, value), 1)));
    greatest.push(round(part.reduce((high, value) => Math.max(high, value), -1)));
  }
  const duration = mixed.length / sampleRate;
  return { sampleRate, channels: channels.length, duration, least, greatest };
}

const round = (value: number) => Math.round(value * 1e4) / 1e4;
