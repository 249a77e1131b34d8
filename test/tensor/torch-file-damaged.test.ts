import { dirname } from 'node:path';
import { readTorchFile } from '../../lib/tensor';
import { legacyBytes, pickle, tensorOpcodes, uint64, zipBytes } from './torch-files/torch-bytes';
import { four, torchFilePlace } from './torch-files/torch-file-place';

const { path, read, refused } = torchFilePlace();

describe('an archive that is not sound', () => {
  const data = { name: 'archive/data.pkl', bytes: pickle('K\x07') };

  test.each<[string, Buffer, RegExp]>([
    ['is empty', zipBytes([]), /0 entries NAME\/data\.pkl/],
    ['has no pickle', zipBytes([{ name: 'a/b', bytes: 'x' }]), /0 entries NAME\/data\.pkl/],
    ['has two', zipBytes([data, { ...data, name: 'b/data.pkl' }]), /2 entries/],
    ['has the same entry twice', zipBytes([data, data]), /two entries "archive\/data\.pkl"/],
    ['has a wrong checksum', zipBytes([{ ...data, checksum: 1 }]), /damaged: the checksum/],
    ['claims too many bytes', zipBytes([{ ...data, size: 100 }]), /has 5 bytes, but claims 100/],
    ['claims far too many', zipBytes([{ ...data, size: 2 ** 31 }]), /far more than the file/],
    ['is longer than the file', zipBytes([{ ...data, compressed: 999 }]), /longer than the file/],
    ['ends after the file', zipBytes([{ ...data, compressed: 100 }]), /ends after the file/],
    ['is elsewhere', zipBytes([{ ...data, offset: 1 }]), /not where the directory says/],
    [
      'is beyond the file',
      zipBytes([{ ...data, offset: 2 ** 31 }]),
      /not where the directory says/,
    ],
    [
      'is another there',
      zipBytes([{ ...data, localName: 'archive/Data.pkl' }]),
      /not where the dir/,
    ],
    ['is encrypted', zipBytes([{ ...data, flags: 1 }]), /is encrypted/],
    ['is compressed otherwise', zipBytes([{ ...data, method: 93 }]), /method 93/],
    ['is no deflate stream', zipBytes([{ ...data, method: 8 }]), /cannot be inflated/],
    [
      'inflates to more',
      zipBytes([{ ...data, deflated: true, size: 2 }]),
      /cannot be inflated to 2/,
    ],
    [
      'is a bomb',
      zipBytes([{ ...data, bytes: Buffer.alloc(2 ** 26), deflated: true }]),
      /claim 67108864 bytes, far more than the file/,
    ],
    ['claims 64 bits of bytes', zipBytes([{ ...data, size: 2 ** 60 }], { wide: true }), /far more/],
    ['is beyond 64 bits', zipBytes([{ ...data, offset: 2 ** 60 }], { wide: true }), /not where/],
    [
      'is of TorchScript',
      zipBytes([data, { name: 'archive/constants.pkl', bytes: '' }]),
      /TorchScr/,
    ],
    ['is big-endian', zipBytes([data, { name: 'archive/byteorder', bytes: 'big' }]), /big-endian/],
    ['lacks its end', zipBytes([data]).subarray(0, -1), /cut short/],
  ])('%s', async (_, bytes, reason) => {
    await refused(bytes, reason);
  });

  test('shares bytes between entries so often that they are longer than the file', async () => {
    const big = { name: 'archive/data/0', bytes: Buffer.alloc(1000) };
    const again = Array.from({ length: 50 }, (_, i) => ({
      ...big,
      name: `archive/data/${i + 1}`,
      bytes: '',
      compressed: 1000,
      size: 1000,
      offset: 0,
    }));
    await refused(zipBytes([big, ...again]), /longer than the file, or overlap/);
  });

  test('and one that is, with numbers of 64 bits or deflated', async () => {
    const entries = [
      { ...data, bytes: pickle(tensorOpcodes()), deflated: true },
      { name: 'archive/data/0', bytes: four },
    ];
    for (const wide of [false, true]) {
      const sum = await read(zipBytes(entries, { wide }), ({ tensors }) =>
        tensors.get('tensor')?.sum().item(),
      );
      expect(sum).toBe(10);
    }
  });
});

describe('a file of the legacy format that is not sound', () => {
  const data = pickle(tensorOpcodes());

  test.each<[string, Buffer, RegExp]>([
    ['is a pickle of something else', pickle('K\x01'), /not one of torch\.save/],
    ['has an unknown version', legacyBytes(data, [], [], { version: 'K\x05' }), /its version/],
    ['is big-endian', legacyBytes(data, [], [], { littleEndian: '\x89' }), /big-endian/],
    ['lacks a storage', legacyBytes(data, [], []), /storage "0" is missing/],
    ['lacks its bytes', legacyBytes(data, ['0'], [uint64(4), four.subarray(1)]), /cut short/],
    ['has more bytes', legacyBytes(data, ['0'], [uint64(5), four]), /not have the size/],
    [
      'has bytes beyond numbers',
      legacyBytes(data, ['0'], [uint64(2 ** 62), four]),
      /not have the size/,
    ],
    ['has a strange storage', legacyBytes(data, ['1'], [uint64(4), four]), /none of its tensors/],
    ['has a list for a key', legacyBytes(data, [], [], { moreKeys: ']' }), /neither text nor/],
    ['has it twice', legacyBytes(data, ['0', '0'], [uint64(4), four, four, four]), /"0" twice/],
    [
      'claims a huge one',
      legacyBytes(pickle(tensorOpcodes({ elements: 2 ** 31 - 1 })), ['0'], [uint64(4), four]),
      /cut short/,
    ],
    ['names something before its value', pickle('cos\nsystem\n)R'), /asks for os\.system/],
    ['refers to a storage before its value', pickle('NQ'), /external object/],
  ])('%s', async (_, bytes, reason) => {
    await refused(bytes, reason);
  });
});

describe('a file that is neither', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['is empty', '', /it has 0 bytes/],
    ['is a text', 'hello, world', /neither a zip archive nor a pickle/],
    ['is a tensor of its own', Buffer.alloc(5000), /neither a zip archive nor a pickle/],
  ])('%s', async (_, bytes, reason) => {
    await refused(Buffer.from(bytes as string), reason);
  });

  test('does not exist', async () => {
    await expect(readTorchFile(path())).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  test('is a folder', async () => {
    await expect(readTorchFile(dirname(path()))).rejects.toMatchObject({ code: 'IO' });
  });
});
