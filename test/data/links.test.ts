import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listClasses, listCorpus } from '../../lib/data';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

/** Files by their paths, links by `-> target`. */
async function lay(entries: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, contents] of Object.entries(entries)) {
    await mkdir(dirname(at(path)), { recursive: true });
    if (contents.startsWith('-> ')) await symlink(contents.slice(3), at(path));
    else await writeFile(at(path), contents);
  }
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fewsound-links-'));
});
afterEach(() => rm(root, { recursive: true }));

const namesIn = async (folder = 'folder') => {
  const { train, validation, leftOut } = await listCorpus('folder', at(folder));
  const names = [...train, ...validation].map(({ name }) => name).sort();
  return { names, leftOut };
};

describe('a folder reached by a link', () => {
  test('is read in a corpus, wherever it stands', async () => {
    await lay({
      'store/19/198/19-198-0000.flac': 'x',
      'set/train-clean-100/20/1/20-1-0000.flac': 'x',
      'set/train-clean-100/19': '-> ../../store/19',
      'store/test/1/1/1-1-0000.flac': 'x',
      'set/test-other': '-> ../store/test',
      'corpus/LibriSpeech': '-> ../set',
      corpora: '-> corpus',
    });
    const { train, validation, leftOut } = await listCorpus('librispeech', at('corpora'));
    expect(train.map(({ name, group }) => [name, group])).toEqual([
      ['train-clean-100/19/198/19-198-0000.flac', '19'],
      ['train-clean-100/20/1/20-1-0000.flac', '20'],
    ]);
    expect(validation.map(({ name }) => name)).toEqual(['test-other/1/1/1-1-0000.flac']);
    expect(leftOut).toEqual([]);
  });

  test('is a class', async () => {
    await lay({
      'store/z/1.flac': 'x',
      'classes/x/1.flac': 'x',
      'classes/z': '-> ../store/z',
    });
    const { labels, files } = await listClasses({ kind: 'folders', folder: at('classes') });
    expect(labels).toEqual(['x', 'z']);
    expect(files.map(({ name, label }) => [name, label])).toEqual([
      ['x/1.flac', 0],
      ['z/1.flac', 1],
    ]);
  });

  test('is read once where two links lead to it; the other is listed', async () => {
    await lay({
      'folder/1.wav': 'x',
      'folder/a/2.wav': 'x',
      'folder/b': '-> a',
      'folder/c/deep': '-> ../../far',
      'folder/d': '-> ../far/deeper',
      'far/3.wav': 'x',
      'far/deeper/4.wav': 'x',
    });
    expect(await namesIn()).toEqual({
      names: ['1.wav', 'a/2.wav', 'c/deep/3.wav', 'c/deep/deeper/4.wav'],
      leftOut: [
        { name: 'b', reason: 'same-folder' },
        { name: 'd', reason: 'same-folder' },
      ],
    });
  });

  test('may be named by two classes, and a file by two links', async () => {
    await lay({
      'store/1.wav': 'x',
      'classes/a': '-> ../store',
      'classes/b': '-> ../store',
      'classes/c/1.wav': '-> ../../store/1.wav',
    });
    const { files } = await listClasses({ kind: 'folders', folder: at('classes') });
    expect(files.map(({ name }) => name)).toEqual(['a/1.wav', 'b/1.wav', 'c/1.wav']);
  });

  test.each<[string, Record<string, string>]>([
    ['to itself', { 'folder/a/x': '-> x' }],
    ['to each other', { 'folder/a/x': '-> y', 'folder/a/y': '-> x' }],
    ['to its folder', { 'folder/a/x': '-> .' }],
    ['to the corpus', { 'folder/a/x': '-> ..' }],
    ['above the corpus', { 'folder/a/x': '-> ../..' }],
    ['over another folder', { 'folder/a/x': '-> ../../far', 'far/back': '-> ../folder/a' }],
  ])('is an error where links go round: %s', async (_, links) => {
    await lay({ 'folder/1.wav': 'x', 'folder/a/2.wav': 'x', ...links });
    await expect(namesIn()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'folder' });
    const classes = listClasses({ kind: 'folders', folder: at('folder') });
    await expect(classes).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'folder' });
  });
});

describe('what is left out is listed', () => {
  test('in a folder: links that lead nowhere, and what is no audio file', async () => {
    await lay({
      'folder/1.wav': 'x',
      'folder/2.FLAC': 'x',
      'folder/notes.txt': 'x',
      'folder/a/gone.wav': '-> /absent/gone.wav',
      'folder/a/away': '-> ../absent',
      'folder/a/cover.jpg': '-> ../notes.txt',
      'folder/.hidden.wav': 'x',
    });
    expect(await namesIn()).toEqual({
      names: ['1.wav', '2.FLAC'],
      leftOut: [
        { name: 'a/away', reason: 'broken-link' },
        { name: 'a/cover.jpg', reason: 'not-audio' },
        { name: 'a/gone.wav', reason: 'broken-link' },
        { name: 'notes.txt', reason: 'not-audio' },
      ],
    });
  });

  test('of a corpus: a speaker whose link is broken, by its path below what was opened', async () => {
    await lay({
      'LibriSpeech/train-clean-100/20/1/20-1-0000.flac': 'x',
      'LibriSpeech/train-clean-100/20/1/20-1.trans.txt': 'x',
      'LibriSpeech/train-clean-100/19': '-> ../../absent',
      'LibriSpeech/test-other/1/1/1-1-0000.flac': 'x',
      'LibriSpeech/README.TXT': 'x',
    });
    expect((await listCorpus('librispeech', root)).leftOut).toEqual([
      { name: 'LibriSpeech/train-clean-100/19', reason: 'broken-link' },
      { name: 'LibriSpeech/train-clean-100/20/1/20-1.trans.txt', reason: 'not-audio' },
    ]);
  });

  test('of classes: what is of none, and names that are none', async () => {
    await lay({
      'sounds/a/1.wav': 'x',
      'sounds/a/1.json': 'x',
      'sounds/b/1.wav': 'x',
      'sounds/stray.wav': 'x',
      'sounds/README.md': 'x',
      'digits/7_jackson_32.wav': 'x',
      'digits/8_jackson_32.wav': 'x',
      'digits/jackson.wav': 'x',
      'la/A.flac': 'x',
      'la/B.flac': 'x',
      'la/C.flac': 'x',
      'protocol.txt': 'S A - - bonafide\nS B - A01 spoof\n',
    });
    const leftOut = async (source: Parameters<typeof listClasses>[0]) =>
      (await listClasses(source)).leftOut.map(({ name, reason }) => [name, reason]);
    expect(await leftOut({ kind: 'folders', folder: at('sounds') })).toEqual([
      ['README.md', 'not-audio'],
      ['a/1.json', 'not-audio'],
      ['stray.wav', 'no-class'],
    ]);
    expect(await leftOut({ kind: 'spoken-digits', folder: at('digits') })).toEqual([
      ['jackson.wav', 'other-name'],
    ]);
    const protocol = at('protocol.txt');
    expect(await leftOut({ kind: 'asvspoof', folder: at('la'), protocol })).toEqual([
      ['C.flac', 'not-listed'],
    ]);
  });
});
