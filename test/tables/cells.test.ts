import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import {
  type Cell,
  cellsOf,
  chosenCells,
  readCell,
  shardOf,
  shortFor,
  writeCell,
} from '../../lib/tables/cells';
import type { TableRecording } from '../../lib/tables/recordings';
import { type FitsTable, readTable } from '../../lib/tables/table';

const recording = (name: string, length = 100_000): TableRecording => ({
  ...{ name, length, path: `/clips/${name}` },
  sha256: Buffer.from(name.padEnd(32, '.')).toString('hex'),
});
const recordings = [recording('p1/a.wav'), recording('p2/b.wav', 40_000), recording('p3/c.wav')];
const settings = { steps: 10_000, seed: 0, recipe: 'paper' } as const;

const fitsTable = async (name: string) => (await readTable(name)) as FitsTable;
const cells = async (name: string) => cellsOf(await fitsTable(name), recordings, settings);

describe('shardOf', () => {
  test('gives every cell to one of the shards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat({ max: 60 }), (count, length) => {
        const all = Array.from({ length }, (_, i) => i);
        const shards = Array.from({ length: count }, (_, i) =>
          shardOf(all, { index: i + 1, count }),
        );
        expect(shards.flat().sort((a, b) => a - b)).toEqual(all);
        const sizes = shards.map((shard) => shard.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('cellsOf', () => {
  test('goes clip by clip, each with the networks of the table', async () => {
    const listed = await cells('1');
    const names = listed.slice(0, 7).map(({ row, clip }) => `${row} ${clip.recording.name}`);
    expect(names[0]).toBe('NeRF p1/a.wav');
    expect(names[5]).toBe('KAN p1/a.wav');
    expect(names[6]).toBe('NeRF p2/b.wav');
    // Of the recording that is too short for 3 s only the part of 1.5 s.
    expect(listed.filter(({ part }) => part === '1.5 s')).toHaveLength(18);
    expect(listed.filter(({ part }) => part === '3 s')).toHaveLength(12);
  });

  test('has a folder for each cell, and the same for the same fit of two tables', async () => {
    const tables = ['1', '7', '8', '9', '10', '12', '16', '17', '18'];
    const all = await Promise.all(tables.map(cells));
    for (const listed of all) {
      const folders = listed.map(({ folder }) => folder);
      expect(new Set(folders).size).toBe(folders.length);
    }
    const byFolder = new Map<string, object>();
    for (const { folder, identity } of all.flat()) {
      const known = byFolder.get(folder);
      if (known === undefined) byFolder.set(folder, identity);
    }
    const find = (table: string, row: string) =>
      all[tables.indexOf(table)]?.find((cell) => cell.row === row && cell.clip.samples === 32_768)
        ?.folder;
    const base = 'cells/p1__a.wav/32768_kan_encoding-8_order-2_rate-0.005';
    expect([find('7', '8'), find('8', '[48, 24, 12]'), find('9', '2')]).toEqual([base, base, base]);
    expect([find('10', '10'), find('16', '0.005'), find('17', 'True')]).toEqual([base, base, base]);
    expect(find('1', 'KAN')).toBe(find('7', '10'));
  });

  test('takes stretches that lie inside, whichever other recordings there are', async () => {
    const table = await fitsTable('1');
    for (const { clip } of await cells('1')) {
      expect(clip.start).toBeGreaterThanOrEqual(0);
      expect(clip.start + clip.samples).toBeLessThanOrEqual(clip.recording.length);
    }
    const alone = cellsOf(table, recordings.slice(2), settings)[0];
    const among = (await cells('1')).find(({ clip }) => clip.recording.name === 'p3/c.wav');
    expect(alone?.clip).toEqual(among?.clip);
    const other = cellsOf(table, recordings.slice(2), { ...settings, seed: 1 })[0];
    expect(other?.clip.start).not.toBe(alone?.clip.start);
  });

  test('gives the networks that have one the course of a recipe', async () => {
    const table = await fitsTable('1');
    const cellsBy = (recipe: 'paper' | 'best', steps?: number) =>
      cellsOf(table, recordings.slice(0, 1), { ...settings, recipe, steps });
    const find = (listed: ReturnType<typeof cellsBy>, network: string) =>
      listed.find(({ row }) => row === network)?.identity;
    const best = cellsBy('best');
    const [kan, finer] = [find(best, 'KAN'), find(best, 'FINER')];
    expect(kan).toMatchObject({ recipe: 'best', network: { grid: 14 }, steps: 6000 });
    expect(finer).toMatchObject({ recipe: 'best', network: { kind: 'finer' }, steps: 2800 });
    for (const own of [kan, finer]) {
      expect(own?.fit.schedule).toMatchObject({ kind: 'warmupStableDecay' });
      expect(own?.network).toHaveProperty('envelope');
    }
    expect(find(best, 'SIREN')).toEqual(find(cellsBy('paper'), 'SIREN'));
    expect(find(best, 'SIREN')?.steps).toBe(10_000);
    for (const network of ['KAN', 'FINER', 'SIREN']) {
      expect(find(cellsBy('best', 7), network)?.steps).toBe(7);
    }
  });

  test('refuses a recipe for a table that varies the KAN', async () => {
    const table = await fitsTable('7');
    expect(() => cellsOf(table, recordings, { ...settings, recipe: 'best' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'recipe' }),
    );
  });
});

describe('chosenCells', () => {
  test('takes parts, rows, and a row of a part', async () => {
    const [table, listed] = [await fitsTable('1'), await cells('1')];
    const count = (...rows: string[]) => chosenCells(table, listed, rows).length;
    expect([count('kan'), count('1.5s'), count('3s/wire'), count('kan', '3s/wire')]).toEqual([
      5, 18, 2, 7,
    ]);
    expect(chosenCells(table, listed)).toHaveLength(30);
  });

  test('names the rows there are where one is unknown', async () => {
    const [table, listed] = [await fitsTable('8'), await cells('8')];
    expect(chosenCells(table, listed, ['24-12-6'])).toHaveLength(3);
    expect(() => chosenCells(table, listed, ['24'])).toThrow(
      expect.objectContaining({ field: 'rows', message: expect.stringMatching(/96-48-24/) }),
    );
  });
});

test('recordings are too short for the parts that were asked for', async () => {
  const table = await fitsTable('1');
  expect(shortFor(table, recordings)).toEqual(['p2/b.wav (3 s)']);
  expect(shortFor(table, recordings, ['3s/kan'])).toEqual(['p2/b.wav (3 s)']);
  expect(shortFor(table, recordings, ['1.5s'])).toEqual([]);
});

describe('the folder of a cell', () => {
  let out: string;
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'fewsound-cells-'));
  });
  afterAll(() => rm(out, { recursive: true }));

  const result = (cell: Cell, loss: number) => ({
    ...{ cell, loss, parameters: 5, metrics: { mse: 0.1, pesq: null }, seconds: 2 },
    secondsPerStep: 0.1,
  });
  const model = (path: string) => writeFile(path, 'weights');

  test('is there whole, and the first of two processes makes it', async () => {
    const [cell] = (await cells('1')) as [Cell];
    expect(await readCell(out, cell)).toBeUndefined();
    await writeCell(out, result(cell, 1), { fewsound: '1.2.3' }, model);
    await writeCell(out, result(cell, 2), { fewsound: '1.2.3' }, model);
    expect(await readCell(out, cell)).toEqual(result(cell, 1));
    expect(await readdir(dirname(join(out, cell.folder)))).toHaveLength(1);
    expect(await readdir(join(out, cell.folder))).toEqual(['cell.json', 'model.safetensors']);
  });

  test('can be read by others, as any folder', async () => {
    const [cell] = (await cells('1')) as [Cell];
    const plain = join(out, 'plain');
    await mkdir(plain);
    const mode = async (path: string) => (await stat(path)).mode;
    expect(await mode(join(out, cell.folder))).toBe(await mode(plain));
  });

  test('is done without its model, and anew without its numbers', async () => {
    const [cell] = (await cells('1')) as [Cell];
    const place = join(out, cell.folder);
    await rm(join(place, 'model.safetensors'));
    expect(await readCell(out, cell)).toEqual(result(cell, 1));
    await writeFile(join(place, 'model.safetensors'), 'others');
    await rm(join(place, 'cell.json'));
    await writeCell(out, result(cell, 3), {}, model);
    expect(await readCell(out, cell)).toEqual(result(cell, 3));
    await writeFile(join(place, 'cell.json'), '{"identity": {');
    await expect(readCell(out, cell)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    await rm(place, { recursive: true });
    await writeCell(out, result(cell, 1), {}, model);
  });

  test('is not there where the model cannot be written', async () => {
    const [, cell] = (await cells('1')) as [Cell, Cell];
    const full = () => Promise.reject(new Error('no space left'));
    await expect(writeCell(out, result(cell, 1), {}, full)).rejects.toMatchObject({ code: 'IO' });
    expect(await readCell(out, cell)).toBeUndefined();
  });

  test('of a recording that has changed since is refused', async () => {
    const [cell] = (await cells('1')) as [Cell];
    const recording = { ...cell.identity.recording, sha256: 'other' };
    const changed = { ...cell, identity: { ...cell.identity, recording } };
    await expect(readCell(out, changed)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'recording',
    });
  });
});
