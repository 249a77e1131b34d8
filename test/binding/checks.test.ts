import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FewSoundError } from '../../lib/errors';
import { writeFileAtomic } from '../../lib/files';
import { parseOptions } from '../../lib/options';

describe('parseOptions', () => {
  const schema = z.strictObject({
    steps: z.number({ error: 'Expected a number of steps' }).default(5),
    loss: z.strictObject({ time: z.number().optional() }).default({}),
  });

  it('fills in the defaults', () => {
    expect(parseOptions(schema, {}, 'fit options')).toEqual({ steps: 5, loss: {} });
  });

  it.each<[unknown, string, RegExp]>([
    [{ steps: 'many' }, 'steps', /^fit options: steps is "many"\. Expected a number of steps\.$/],
    [{ loss: { time: true } }, 'loss.time', /loss\.time is true/],
    [{ stepz: 1 }, 'stepz', /stepz is 1\. Unrecognized key/],
    [{ steps: [1, 2] }, 'steps', /steps is an array of 2/],
    ['x', '', /the value is "x"/],
  ])('names the field and its value: %j', (value, field, message) => {
    expect(() => parseOptions(schema, value, 'fit options')).toThrow(message);
    expect(() => parseOptions(schema, value, 'fit options')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});

describe('FewSoundError', () => {
  it('has a code, and is an AbortError where somebody aborted', () => {
    const cause = new Error('enough');
    expect(new FewSoundError('ABORTED', 'stopped', { cause })).toMatchObject({
      name: 'AbortError',
      cause,
    });
    expect(new FewSoundError('IO', 'x')).toMatchObject({ name: 'FewSoundError', code: 'IO' });
    expect(Object.keys(new FewSoundError('IO', 'x'))).toEqual(['code', 'name']);
  });
});

describe('writeFileAtomic', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fewsound-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('replaces a file as a whole', async () => {
    await writeFile(join(folder, 'a'), 'old and longer');
    await writeFileAtomic(join(folder, 'a'), ['ne', Buffer.from('w')]);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('leaves the old file, and nothing else, when writing fails', async () => {
    await writeFile(join(folder, 'a'), 'old');
    function* failing() {
      yield 'half';
      throw new Error('no more');
    }
    await expect(writeFileAtomic(join(folder, 'a'), failing())).rejects.toMatchObject({
      code: 'IO',
    });
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a']);
  });
});
