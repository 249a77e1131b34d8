import { symlink } from 'node:fs/promises';
import { leftOutLines } from '../../lib/cli/terminal/left-out';
import { listClasses } from '../../lib/data';
import { SegmentalCnn } from '../../lib/nn';
import { PITCHES, pitch, writeClassFolders } from '../data/made-up-classes';
import { RATE, tone, wav, writeFiles } from '../data/made-up-corpus';
import { temporaryFolder } from '../nn/temporary-folder';
import { smallModelOptions } from '../train/small-classes';
import { cli, cliJson } from './run-cli';

const at = temporaryFolder();

/**
 * Three classes of six, one of them reached by a link, with a text and a link that leads nowhere
 * between them.
 */
beforeAll(async () => {
  await writeClassFolders(at('sounds'), 6);
  await writeFiles(at('store'), {
    ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.wav`, wav(pitch(1500, i))])),
  });
  await symlink('../store', at('sounds/linked'));
  await symlink('/absent', at('sounds/low/gone.wav'));
  await writeFiles(at('sounds'), { 'high/notes.txt': 'high' });
  const { labels } = await listClasses({ kind: 'folders', folder: at('sounds') });
  using made = new SegmentalCnn({ ...smallModelOptions, classes: labels.length });
  made.input = { sampleRate: RATE, normalize: true, place: 'center', labels };
  await made.save(at('model.safetensors'));
});

const leftOut = [
  { name: 'high/notes.txt', reason: 'not-audio' },
  { name: 'low/gone.wav', reason: 'broken-link' },
];
const lines =
  /low\/gone\.wav left out: a broken link.*\n.*high\/notes\.txt left out: not an audio file/;

describe('what a folder holds beside its recordings', () => {
  const classify = () => [
    ...['analyze', 'classify', at('model.safetensors'), at('sounds')],
    ...['--samples', '640', '--bins', '16', '--folds', '2'],
  ];

  test('is said by analyze classify, in its JSON or in a warning', async () => {
    const { json } = await cliJson(classify());
    expect(json).toMatchObject({ leftOut });
    expect((json as { classes: unknown }).classes).toEqual(
      [...Object.keys(PITCHES), 'linked'].sort().map((label) => ({ label, recordings: 6 })),
    );
    expect((await cli(classify())).stderr).toMatch(lines);
  });

  test('is said by analyze spectra, and in its JSON not as well', async () => {
    const argv = ['analyze', 'spectra', at('model.safetensors'), at('sounds/low'), at('store')];
    const { json, stderr } = await cliJson(argv);
    expect(json).toMatchObject({
      leftOut: [{ name: at('sounds/low/gone.wav'), reason: 'broken-link' }],
    });
    expect(stderr).toBe('');
    expect((await cli(argv)).stderr).toMatch(/gone\.wav left out: a broken link/);
  });

  test('is said by prepare', async () => {
    const settings = ['--sample-rate', String(RATE), '--skip', '0', '--segment', '500'];
    const argv = ['prepare', 'folder', at('sounds'), ...settings, '--workers', '0', '--out'];
    const { json } = await cliJson([...argv, at('prepared')]);
    expect(json).toMatchObject({ leftOut, badFiles: [] });
    expect((await cli([...argv, at('again')])).stdout).toMatch(lines);
  });

  test('is said by compare, and written with its numbers', async () => {
    await writeFiles(at('clips'), {
      'a.wav': wav(tone(3)),
      'b.wav': wav(tone(5)),
      'c.txt': 'x',
    });
    const SMALL = ['--samples', '3000', '--layers', '6,6', '--steps', '1', '--threads', '1'];
    const argv = ['compare', at('clips'), '--models', 'siren', ...SMALL, '--out'];
    const { json } = await cliJson([...argv, at('compared')]);
    expect(json).toMatchObject({
      recordings: 2,
      leftOut: [{ name: 'c.txt', reason: 'not-audio' }],
    });
    const { stderr } = await cli([...argv, at('compared-again')]);
    expect(stderr).toContain('c.txt left out: not an audio file by its name');
    const quiet = await cli([...argv, at('quiet'), '--quiet']);
    expect(quiet.stderr).toBe('');
  });

  test('is named up to three of a kind', () => {
    const text = (index: number) => ({ name: `${index}.txt`, reason: 'not-audio' as const });
    expect(leftOutLines([0, 1, 2, 3, 4].map(text))).toEqual([
      expect.stringMatching(/^0\.txt, 1\.txt, 2\.txt and 2 more left out: /),
    ]);
    expect(leftOutLines([])).toEqual([]);
  });
});
