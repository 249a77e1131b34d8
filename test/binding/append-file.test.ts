import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendFile } from '../../lib/files';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-append-'));
  path = join(folder, 'log');
});
afterEach(() => rm(folder, { recursive: true }));

const text = () => readFile(path, 'utf8');

/** What the next writes of any open file do instead. */
async function spyOnWrite() {
  const handle = await open(path, 'r');
  await handle.close();
  const prototype = Object.getPrototypeOf(handle) as {
    write(bytes: Uint8Array, offset: number): Promise<{ bytesWritten: number }>;
  };
  const { write } = prototype;
  return { spy: jest.spyOn(prototype, 'write'), write };
}

const fullDisk = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

test('pieces come in the order in which they were given, waited for or not', async () => {
  const file = await AppendFile.open(path, 'new');
  await Promise.all(Array.from({ length: 100 }, (_, index) => file.append(`${index}\n`)));
  await file.flush();
  await file.close();
  expect((await text()).split('\n').slice(0, -1).map(Number)).toEqual([...Array(100).keys()]);
});

test('goes on at the end of an existing file, and begins a new one only where there is none', async () => {
  const first = await AppendFile.open(path, 'new');
  await first.append('one ');
  await first.close();
  const second = await AppendFile.open(path, 'existing');
  await second.append(Buffer.from('two'));
  await second.close();
  expect(await text()).toBe('one two');
  await expect(AppendFile.open(path, 'new')).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('exists already'),
  });
  await expect(AppendFile.open(join(path, 'below'), 'new')).rejects.toMatchObject({ code: 'IO' });
});

test('a piece that is written in parts is whole', async () => {
  const file = await AppendFile.open(path, 'new');
  const { spy, write } = await spyOnWrite();
  spy.mockImplementation(function (this: unknown, bytes: Uint8Array, offset: number) {
    return write.call(this, bytes.subarray(0, offset + 3), offset);
  });
  await file.append('a long piece');
  spy.mockRestore();
  await file.close();
  expect(await text()).toBe('a long piece');
});

test('a piece that fits only in part is cut off, and may be given again when there is room', async () => {
  const file = await AppendFile.open(path, 'new');
  await file.append('whole\n');
  const { spy, write } = await spyOnWrite();
  spy
    .mockImplementationOnce(function (this: unknown, bytes: Uint8Array) {
      return write.call(this, bytes.subarray(0, 4), 0);
    })
    .mockImplementationOnce(() => Promise.reject(fullDisk()));
  await expect(file.append('another\n')).rejects.toMatchObject({ code: 'IO' });
  spy.mockRestore();
  expect(await text()).toBe('whole\n');
  await file.append('another\n');
  await file.close();
  expect(await text()).toBe('whole\nanother\n');
});

(existsSync('/dev/full') ? test : test.skip)('a full disk is an error that says so', async () => {
  const file = await AppendFile.open('/dev/full', 'existing');
  await expect(file.append('piece')).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringMatching(/ENOSPC.*Make room/),
  });
  // A device cannot be cut to length: whatever came after would be torn.
  await expect(file.append('piece')).rejects.toMatchObject({
    message: expect.stringContaining('halfway'),
  });
  await file.close();
  await expect(file.append('piece')).rejects.toMatchObject({
    message: expect.stringContaining('closed'),
  });
});

test('nothing can be appended after closing; closing twice does nothing', async () => {
  const file = await AppendFile.open(path, 'new');
  await file.close();
  await file.close();
  await expect(file.append('late')).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('closed'),
  });
});
