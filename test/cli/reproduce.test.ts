import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRecording } from './recording-file';
import { type CliError, type CliRun, cli, cliJson } from './run-cli';

let folder: string;
let clips: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-reproduce-'));
  clips = join(folder, 'clips');
  await mkdir(clips);
  // 1.5 s of the papers, and not 3 s.
  await writeRecording(clips, 'one.wav', 14_000);
  await writeRecording(clips, 'two.wav', 13_000);
});
afterAll(() => rm(folder, { recursive: true }));

interface Row {
  readonly name: string;
  readonly done: number;
  readonly missing: string[];
  readonly values: { mean: number | null; paper: number; distance: number | null }[];
}

interface Reproduced {
  readonly done: number;
  readonly expected: number;
  readonly parts: { name: string; rows: Row[]; tau: (number | null)[] }[];
  readonly files: Record<string, string>;
}

const out = (name: string) => join(folder, name);
/** Table 17: a KAN with and without the scale of its splines. */
const argv = (name: string, ...others: string[]) => [
  ...['reproduce', '17', '--clips', clips, '--rows', '1.5s', '--steps', '2', '--threads', '1'],
  ...['--out', out(name), ...others],
];
const TRUE = '32768_kan_encoding-8_order-2_rate-0.005';
const FALSE = '32768_kan_encoding-8_order-2_rate-0.005_scaleSpline-false';
const cell = (name: string, recording: string, fit = TRUE) =>
  join(out(name), 'cells', recording, fit, 'cell.json');

/** What a cell came to, without its seconds. */
async function outcome(path: string) {
  const { identity, loss, metrics, parameters } = JSON.parse(await readFile(path, 'utf8'));
  return { identity, loss, metrics, parameters };
}

describe('fewsound reproduce', () => {
  let whole: CliRun & { json: Reproduced };
  beforeAll(async () => {
    whole = await cliJson<Reproduced>(argv('whole'));
  }, 180_000);

  test('fits every row to every recording and puts the paper beside it', async () => {
    const { status, json } = whole;
    expect(status).toBe(0);
    expect(json).toMatchObject({ done: 4, expected: 4 });
    const [part] = json.parts;
    expect(part?.rows.map(({ name, done }) => [name, done])).toEqual([
      ['False', 2],
      ['True', 2],
    ]);
    expect(part?.rows[1]?.values[1]?.paper).toBe(40.1);
    expect(part?.rows[1]?.values[1]?.mean).toEqual(expect.any(Number));
    expect((await readdir(out('whole'))).sort()).toEqual([
      ...['cells', 'table-17.html', 'table-17.json', 'table-17.md'],
    ]);
    expect((await readdir(join(out('whole'), 'cells', 'one.wav'))).sort()).toEqual([TRUE, FALSE]);
    const stored = JSON.parse(await readFile(cell('whole', 'one.wav'), 'utf8'));
    expect(stored).toMatchObject({
      identity: { recording: { name: 'one.wav' }, samples: 32_768, steps: 2, seed: 0 },
      fitOptions: { steps: 2, learningRate: 5e-3, loss: { time: 1, mel: 1 } },
      modelOptions: { encoding: 8, grid: 10, order: 2 },
      parameters: 31_080,
    });
    expect(stored.identity.recording.sha256).toMatch(/^[0-9a-f]{64}$/);
    const table = await readFile(json.files.table as string, 'utf8');
    expect(table).toMatch(/^\| True \(31,080\) \| ours, 2 of 2 \| .* ± /m);
    expect(table).toMatch(/^\| {2}\| paper \| 7e−4 \| \*\*40.10\*\* \| /m);
  });

  test('shares the cells between processes, and none is computed twice', async () => {
    const first = await cliJson<Reproduced>(argv('shared', '--shard', '1/2'));
    expect(first.json).toMatchObject({ done: 2, expected: 4 });
    const times = async () =>
      Promise.all(
        ['one.wav', 'two.wav'].map(async (name) => {
          const path = cell('shared', name, FALSE);
          return existsSync(path) ? (await stat(path)).mtimeMs : null;
        }),
      );
    const before = await times();
    const second = await cliJson<Reproduced>(argv('shared', '--shard', '2/2'));
    expect(second.json).toMatchObject({ done: 4, expected: 4 });
    expect(await times()).toEqual(before);
    for (const name of ['one.wav', 'two.wav']) {
      for (const fit of [TRUE, FALSE]) {
        expect(await outcome(cell('shared', name, fit))).toEqual(
          await outcome(cell('whole', name, fit)),
        );
      }
    }
  });

  test('goes on where it was killed, to the same numbers', async () => {
    // As a machine that dies leaves it: one cell done, one half written.
    await cliJson(argv('killed', '--limit', '1', '--shard', '1/2'));
    const torn = join(out('killed'), 'cells', 'one.wav', '.unfinished-abc');
    await mkdir(torn);
    await writeFile(join(torn, 'cell.json'), '{');
    const kept = cell('killed', 'one.wav', FALSE);
    await writeFile(kept, (await readFile(kept, 'utf8')).replace(/"loss": [^,]*/, '"loss": 7'));

    const refused = await cliJson<CliError>(argv('killed'));
    expect(refused.status).toBe(1);
    expect(refused.json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'out' });

    const { status, json } = await cliJson<Reproduced>(argv('killed', '--resume'));
    expect(status).toBe(0);
    expect(json).toMatchObject({ done: 4, expected: 4 });
    expect((await outcome(kept)).loss).toBe(7);
    expect(await outcome(cell('killed', 'one.wav'))).toEqual(
      await outcome(cell('whole', 'one.wav')),
    );
  });

  test('stops at the signal and goes on within a fit', async () => {
    const steps = ['--steps', '40'];
    await cliJson(argv('long', '--limit', '1', '--rows', '1.5s/true', ...steps));
    const controller = new AbortController();
    const stopped = argv('stopped', '--limit', '1', '--rows', '1.5s/true', ...steps);
    const running = cli(stopped, controller.signal);
    const state = join(out('stopped'), 'cells', 'one.wav', `.${TRUE}.state`);
    while (!existsSync(state)) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    controller.abort();
    const { status, stderr } = await running;
    // A fast machine is done by then.
    if (status !== 0) {
      expect(status).toBe(130);
      expect(stderr).toMatch(/0 results are kept.*--resume/);
      expect(existsSync(cell('stopped', 'one.wav'))).toBe(false);
    }
    await cliJson([...stopped, '--resume']);
    expect(await outcome(cell('stopped', 'one.wav'))).toEqual(
      await outcome(cell('long', 'one.wav')),
    );
    expect(existsSync(state)).toBe(false);
  });

  test('begins anew where the state there is of other steps', async () => {
    const state = join(out('anew'), 'cells', 'one.wav', `.${TRUE}.state`);
    await mkdir(state, { recursive: true });
    await writeFile(join(state, 'identity.json'), '{ "steps": 9 }');
    await writeFile(join(state, 'latest.safetensors'), 'of nine steps');
    const { status } = await cli(argv('anew', '--limit', '1', '--rows', '1.5s/true'));
    expect(status).toBe(0);
    expect(await outcome(cell('anew', 'one.wav'))).toEqual(await outcome(cell('whole', 'one.wav')));
    expect(existsSync(state)).toBe(false);
  });

  test('takes all recordings of a folder', async () => {
    const many = join(folder, 'many');
    await mkdir(many);
    // The paper took ten.
    for (let i = 0; i < 11; i++) await writeRecording(many, `${i}.wav`, 13_000);
    const { json } = await cliJson<Reproduced>([
      ...['reproduce', '17', '--clips', many, '--rows', '1.5s', '--table-only'],
      ...['--out', out('all')],
    ]);
    expect(json.expected).toBe(22);
  });

  test('makes the table of what there is and says what is missing', async () => {
    const { json } = await cliJson<Reproduced>([...argv('whole', '--table-only')]);
    expect(json.done).toBe(4);
    const none = await cli(argv('none', '--table-only'));
    expect(none.stdout).toMatch(/^0 of 4 results/m);
    expect(none.stdout).toMatch(/^- 1\.5 s: False, True: one\.wav, two\.wav$/m);
  });

  test.each([
    ['other steps', ['--steps', '3', '--resume'], 'steps'],
    ['another seed', ['--seed', '1', '--resume'], 'start'],
    ['an unknown row', ['--rows', 'maybe'], 'rows'],
    ['a recipe in a table of KANs', ['--recipe', 'best'], 'recipe'],
  ])('refuses %s', async (_, others, field) => {
    const { status, json } = await cliJson<CliError>(argv('whole', ...others));
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field });
  });

  test.each([
    ['an unknown table', ['reproduce', '20'], 1, 'INVALID_ARGUMENT'],
    ['a folder that is not there', ['reproduce', '7', '--clips', '/nowhere'], 1, 'FILE_NOT_FOUND'],
    ['no recordings', ['reproduce', '7'], 2, 'USAGE'],
    ['a corpus without a folder', ['reproduce', '7', '--corpus', 'vctk'], 2, 'USAGE'],
    ['an unknown corpus', ['reproduce', '7', '--corpus', 'timit', '/x'], 2, 'USAGE'],
    ['a shard out of range', ['reproduce', '7', '--shard', '3/2'], 2, 'USAGE'],
    ['steps for trained models', ['reproduce', '2', '--steps', '5'], 2, 'USAGE'],
  ])('refuses %s', async (_, words, status, code) => {
    const run = await cliJson<CliError>([...words, '--out', out('never')]);
    expect(run.status).toBe(status);
    expect(run.json.error.code).toBe(code);
    expect(existsSync(out('never'))).toBe(false);
  });
});

describe('fewsound reproduce with trained models', () => {
  test('names the commands, and takes what they leave', async () => {
    const place = out('hyper');
    const first = await cliJson<Reproduced>(['reproduce', '3', '--out', place]);
    expect(first.json).toMatchObject({ done: 0, expected: 3 });
    expect(first.json.parts[0]?.rows[1]?.missing).toEqual([
      `fewsound train configs/fewsound-17m-kan-vctk.json --corpus fewsound-out/vctk --out ${place}/fewsound-17m-kan-vctk`,
      `fewsound evaluate ${place}/fewsound-17m-kan-vctk fewsound-out/vctk --json > ${place}/fewsound-17m-kan-vctk/evaluation.json`,
    ]);
    const run = join(place, 'fewsound-17m-kan-vctk');
    await mkdir(run);
    const statistics = { mean: 4.5, deviation: 1, segments: 512 };
    const keys = ['mse', 'psnr', 'lsd', 'siSnr', 'pesq', 'stoi', 'cdpam'];
    const metrics = Object.fromEntries(keys.map((key) => [key, statistics]));
    const evaluation = { models: [{ metrics: { ...metrics, cdpam: { mean: null } } }] };
    await writeFile(join(run, 'evaluation.json'), JSON.stringify(evaluation));
    const { json } = await cliJson<Reproduced>(['reproduce', '3', '--out', place]);
    expect(json.done).toBe(1);
    const values = json.parts[0]?.rows[1]?.values;
    expect(values?.[3]).toMatchObject({ mean: 4.5, paper: 4.26, distance: null });
    expect(values?.[6]?.mean).toBeNull();

    await writeFile(join(run, 'evaluation.json'), '{"models": []}');
    const wrong = await cliJson<CliError>(['reproduce', '3', '--out', place]);
    expect(wrong.json.error).toMatchObject({ code: 'FILE_FORMAT', field: 'mse' });
  });

  test('finds the bounds of a published model in what the geometry command prints', async () => {
    const place = out('geometry');
    await mkdir(join(place, 'inc-tssdnet'), { recursive: true });
    const layers = [1, 2, 3, 4, 5].map((B) => ({ A: 0, B, betaAvg: 60, mu: 0.5, muAvg: 0.25 }));
    await writeFile(join(place, 'inc-tssdnet', 'geometry.json'), JSON.stringify({ layers }));
    const { stdout } = await cli(['reproduce', 'analysis-4', '--out', place]);
    expect(stdout).toMatch(/^II +ours +0 +2 +60 +0\.5 +0\.25/m);
    expect(stdout).toMatch(/^ +paper +0 +3\.0179 /m);
  });
});
