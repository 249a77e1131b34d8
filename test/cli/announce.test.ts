import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeCorpus } from '../data/made-up-corpus';
import { temporaryFolder } from '../nn/temporary-folder';
import { QUICK, writeRecording } from './recording-file';
import { cli } from './run-cli';

const file = temporaryFolder();
let recording: string;

beforeAll(async () => {
  mkdirSync(file('clips'));
  recording = await writeRecording(file('clips'));
  await writeRecording(file('clips'), 'more.wav');
  await writeCorpus('vctk', file('corpus'));
});

/** Each command, the folder that it names, and how it goes on. */
const commands = (out: string): [argv: string[], onward: string][] => [
  [['fit', recording, ...QUICK], `fewsound fit --resume ${out}`],
  [['compare', recording, '--models', 'kan', ...QUICK], 'not kept'],
  [['compare', file('clips'), '--models', 'kan', ...QUICK], '--resume'],
  [['prepare', 'vctk', file('corpus'), '--segment', '2000', '--workers', '0'], 'the same command'],
];

it.each([0, 1, 2, 3])(
  'long work says first what it writes and how to go on (%#)',
  async (index) => {
    const out = file(`out-${index}`);
    const [argv, onward] = commands(out)[index] as [string[], string];
    const { status, stderr } = await cli([...argv, '--out', out]);
    expect(status).toBe(0);
    const [first = ''] = stderr.split('\n');
    const [, names = '', then] = /^Writes (.*)\. Ctrl-C stops it; (.*)\.$/.exec(first) ?? [];
    expect(then).toContain(onward);
    const [folder, files = ''] = names.split(': ');
    expect(folder).toBe(out);
    for (const [name] of files.matchAll(/[\w-]+\.\w+/g))
      expect(existsSync(join(out, name))).toBe(true);
  },
);

it('keeps silent with --quiet and --json', async () => {
  const argv = ['fit', recording, ...QUICK, '--out', file('silent')];
  for (const flag of ['--quiet', '--json']) {
    expect((await cli([...argv, flag])).stderr).not.toContain('Writes');
  }
});
