import { type FileHandle, mkdir, writeFile } from 'node:fs/promises';
import { throwIfAborted } from '../lib/errors';
import { makeFolder, readExactly, readJson } from '../lib/files';
import { temporaryFolder } from './nn/temporary-folder';

const at = temporaryFolder();

describe('makeFolder', () => {
  test('makes those above it too, and says which was the first', async () => {
    expect(await makeFolder(at('a/b/c'))).toBe(at('a'));
    expect(await makeFolder(at('a/b/c'))).toBeUndefined();
  });

  test('names the option and says what to do', async () => {
    await writeFile(at('file'), '');
    const making = makeFolder(at('file/folder'), { field: 'out', hint: 'Choose another.' });
    await expect(making).rejects.toMatchObject({
      code: 'IO',
      field: 'out',
      message: expect.stringMatching(/file\/folder cannot be made .* Choose another\.$/),
    });
  });
});

describe('readJson', () => {
  test('gives what is there', async () => {
    await writeFile(at('sound.json'), '{"grid": 10}');
    expect(await readJson(at('sound.json'))).toEqual({ grid: 10 });
  });

  test('says what to do where there is nothing, and which line is not JSON', async () => {
    const hints = { missing: 'Train first.', damaged: 'Mend it.' };
    await expect(readJson(at('nothing.json'), hints)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringMatching(/Train first\.$/),
    });
    await writeFile(at('torn.json'), '{\n  "grid": 10,\n  order: 3\n}\n');
    await expect(readJson(at('torn.json'), hints)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(/line 3, is not JSON: .*Mend it\.$/),
    });
    await mkdir(at('folder.json'));
    await expect(readJson(at('folder.json'))).rejects.toMatchObject({ code: 'IO' });
  });
});

test('throwIfAborted gives the reason of the signal', () => {
  expect(() => throwIfAborted(undefined, 'stopped.')).not.toThrow();
  expect(() => throwIfAborted(new AbortController().signal, 'stopped.')).not.toThrow();
  expect(() => throwIfAborted(AbortSignal.abort('enough'), 'stopped.')).toThrow(
    expect.objectContaining({ code: 'ABORTED', message: 'stopped.', cause: 'enough' }),
  );
});

describe('readExactly', () => {
  test('reads no more at once than every Node can', async () => {
    const reads: [offset: number, length: number, position: number][] = [];
    const file = {
      read: async (_: Buffer, ...where: (typeof reads)[number]) => {
        reads.push(where);
        return { bytesRead: where[1] };
      },
    };
    const bytes = await readExactly(file as never as FileHandle, 8, 2 ** 31 + 5, Error as never);
    expect(bytes).toHaveLength(2 ** 31 + 5);
    expect(reads).toEqual([
      [0, 2 ** 30, 8],
      [2 ** 30, 2 ** 30, 2 ** 30 + 8],
      [2 ** 31, 5, 2 ** 31 + 8],
    ]);
  });
});
