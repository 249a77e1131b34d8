import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FewSoundError } from '../../lib/errors';
import { readTorchFile, scope } from '../../lib/tensor';

const small = [
  'alone.pth',
  'old_classes.pth',
  'list.pth',
  'numpy_4.pth',
  'checkpoint_legacy_4.pth',
];
const varied = [
  'tensors.pth',
  'deflated.pth',
  'checkpoint_legacy_4.pth',
  'tensors_legacy.pth',
  'containers.pth',
  'old_classes.pth',
];
const made = (name: string) => readFileSync(join(__dirname, 'torch-files', name));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** How much more memory than before a broken file of a few kilobytes may take. */
const MEMORY = 300e6;

/** Reads whatever it is: a result, or an error that says what is wrong. */
async function outcome(bytes: Uint8Array): Promise<'read' | 'refused'> {
  const path = join(folder, 'x.pth');
  await writeFile(path, bytes);
  return scope(async () => {
    try {
      const { tensors } = await readTorchFile(path);
      for (const each of tensors.values()) each.data();
      return 'read';
    } catch (error) {
      if (!(error instanceof FewSoundError) || error.code !== 'FILE_FORMAT') throw error;
      return 'refused';
    }
  });
}

test.each(small)('%s cut off anywhere is refused', async (name) => {
  const sound = made(name);
  // Every byte of a small file; of a larger one as many, the last byte among them.
  const step = Math.ceil(sound.length / 600);
  for (let length = (sound.length - 1) % step; length < sound.length; length += step) {
    expect({ length, outcome: await outcome(sound.subarray(0, length)) }).toEqual({
      length,
      outcome: 'refused',
    });
  }
  expect(await outcome(sound)).toBe('read');
});

test.each(varied)('%s with any bytes changed is read or refused, within memory', async (name) => {
  const sound = made(name);
  const before = process.memoryUsage().rss;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (changes) => {
        const broken = Buffer.from(sound);
        for (const [at, byte] of changes) broken[at] = byte;
        await outcome(broken);
        expect(process.memoryUsage().rss - before).toBeLessThan(MEMORY);
      },
    ),
    { numRuns: 300, seed: 11 },
  );
});

test('any program of opcodes is read or refused', async () => {
  const legacy = made('tensors_legacy.pth');
  // Behind the magic number, the version and the machine, where PyTorch's own value would begin.
  const head = legacy.subarray(
    0,
    legacy.indexOf(Buffer.from([0x2e, 0x80, 2, 0x7d, 0x71, 0, 0x28, 0x58, 7, 0, 0, 0])) + 1,
  );
  const opcodes = [...'(0122]lae)t}dsuqrhjcRbQNKMJIGXUTCB.'].map((each) => each.charCodeAt(0));
  const high = [
    0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94, 0x95, 0x80, 0x81, 0x8f, 0x90, 0x91,
  ];
  const byte = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...opcodes, ...high) },
    { weight: 1, arbitrary: fc.nat(3) },
    { weight: 1, arbitrary: fc.nat(255) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(byte, { maxLength: 400 }), async (program) => {
      await outcome(Buffer.concat([head, Buffer.from([0x80, 4, ...program, 0x2e])]));
    }),
    { numRuns: 1500, seed: 13 },
  );
});
