import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FewSoundError } from '../../../lib/errors';
import { readTorchFile, scope, type TorchFile } from '../../../lib/tensor';

/** The numbers 1 to 4 as float32: the bytes of the storage that `tensorOpcodes` refers to. */
export const four = Buffer.from(new Float32Array([1, 2, 3, 4]).buffer);

/** A file in a folder of its own for each test, and what reads it. */
export function torchFilePlace() {
  let folder: string;
  const path = () => join(folder, 'x.pth');
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fewsound-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function read<T>(bytes: Uint8Array, use: (file: TorchFile) => T): Promise<T> {
    await writeFile(path(), bytes);
    return scope(async () => use(await readTorchFile(path())));
  }

  /** Expects a refusal that names the file and the reason. */
  async function refused(bytes: Uint8Array, reason: RegExp) {
    const error = await read(bytes, () => 'read').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'FILE_FORMAT' });
    const { message } = error as FewSoundError;
    expect(message).toMatch(reason);
    expect(message).toContain(path());
  }

  return { path, read, refused };
}
