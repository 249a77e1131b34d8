import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInThisContext } from 'node:vm';
import { quietly } from '../../lib/audio/decoder-library';
import { lena } from './lena';

const root = join(__dirname, '..', '..');
const library = JSON.stringify(join(root, 'dist', 'index.js'));
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-decoders-'));
});
afterAll(() => rm(folder, { recursive: true }));

const formats = ['mp3', 'ogg', 'opus', 'flac'] as const;

describe('the decoders in other programs', () => {
  it('work in Jest without any flag of Node', async () => {
    for (const format of formats)
      await writeFile(join(folder, `lena.${format}`), await lena(format));
    // Without Babel, which Jest would send the whole library through.
    await writeFile(join(folder, 'package.json'), '{"jest":{"transform":{}}}');
    await writeFile(
      join(folder, 'read.test.js'),
      `const { loadClip } = require(${library});
      test.each(${JSON.stringify(formats)})('%s', async (format) => {
        const clip = await loadClip(require('node:path').join(__dirname, 'lena.' + format));
        expect(clip.samples).toBeInstanceOf(Float32Array);
        expect(clip.duration).toBeCloseTo(12.27, 1);
      });`,
    );
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const { NODE_OPTIONS: _, ...environment } = process.env;
    const { stderr } = await run(process.execPath, [jest, '--rootDir', folder], {
      cwd: folder,
      env: environment,
    });
    expect(stderr).toMatch(/4 passed/);
    expect(stderr).not.toMatch(/Warning/);
  });

  it('print nothing, whatever is wrong with a file', async () => {
    const damaged = formats.map((format) => join(folder, `damaged.${format}`));
    for (const [i, format] of formats.entries()) {
      const bytes = Buffer.from(await lena(format));
      // The insides of frames, where the frame headers of MP3 (ff fb) stay.
      for (let at = 3000; at < 60_000; at++) {
        const isHeader = bytes.subarray(at - 3, at + 1).includes(0xff);
        if (!isHeader) bytes[at] = (at * 73) % 251;
      }
      await writeFile(damaged[i] as string, bytes);
    }
    const program = `
      const { readAudio } = require(${library});
      const outcomes = ${JSON.stringify(damaged)}.map((path) => readAudio(path).catch((error) => error.code));
      Promise.all(outcomes).then((codes) => process.exit(codes.includes('FILE_FORMAT') ? 3 : 4));`;
    const outcome = await run(process.execPath, ['-e', program]).catch((error) => error);
    expect(outcome).toMatchObject({ code: 3, stdout: '', stderr: '' });
  });

  it('have no console while they decode, and leave it as it was', () => {
    const outer = runInThisContext('console') as Console;
    const kept = outer.error;
    const said: unknown[] = [];
    outer.error = (text) => said.push(text);
    try {
      expect(quietly(() => outer.error('damaged') ?? 7)).toBe(7);
      expect(() =>
        quietly(() => {
          outer.error('damaged');
          throw new RangeError();
        }),
      ).toThrow(RangeError);
      outer.error('heard');
    } finally {
      outer.error = kept;
    }
    expect(said).toEqual(['heard']);
  });
});
