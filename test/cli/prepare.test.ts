import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCorpus, type PrepareResult } from '../../lib/data';
import { RATE, tone, wav, writeCorpus, writeFiles } from '../data/made-up-corpus';
import { type CliError, cli, cliJson } from './run-cli';

let folder: string;
let corpus: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-prepare-'));
  corpus = join(folder, 'corpus');
  await writeCorpus('vctk', corpus);
});
afterAll(() => rm(folder, { recursive: true }));

const SMALL = ['--sample-rate', String(RATE), '--skip', '0.25', '--segment', '2000'];
const QUICK = [...SMALL, '--workers', '0'];
let count = 0;
const fresh = () => join(folder, `out-${count++}`);

describe('fewsound prepare', () => {
  test('prepares a corpus and says what came of it', async () => {
    const out = fresh();
    const { status, json } = await cliJson<PrepareResult>([
      ...['prepare', 'vctk', corpus, ...QUICK, '--out', out],
    ]);
    expect(status).toBe(0);
    expect(json).toMatchObject({
      corpus: 'vctk',
      folder: out,
      sampleRate: RATE,
      segmentSamples: 2000,
      train: { files: 8, segments: 24, seconds: 6 },
      validation: { files: 40, segments: 120 },
      badFiles: [],
      filesDone: 48,
    });
    const prepared = await openCorpus(out);
    expect(prepared.train.length).toBe(24);
    await prepared.close();
  });

  test('shows counts, progress and the files that gave nothing', async () => {
    const bad = join(folder, 'bad');
    await writeCorpus('folder', bad);
    await writeFiles(bad, {
      'z/text.wav': 'no sound',
      ...Object.fromEntries(
        Array.from({ length: 25 }, (_, i) => [`a/short${i}.wav`, wav(tone(i, 3000))]),
      ),
    });
    const argv = ['prepare', 'folder', bad, ...QUICK, '--validation', '0.5', '--out', fresh()];
    const { status, stdout, stderr } = await cli(argv);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^training +\d+ +\d+ +\d/m);
    expect(stdout).toMatch(
      /26 recordings gave no segment \((1 damaged, 25 short|25 short, 1 damaged)\)/,
    );
    expect(stdout).toMatch(/damaged +z\/text\.wav: it is plain text/);
    expect(stdout).toMatch(/and 6 more/);
    expect(stderr).toMatch(/46\/46 files {2}60 segments {2}26 bad {2}0:00 left/);
    const quiet = await cli([...argv, '--quiet']);
    expect(quiet.stderr).toBe('');
  });

  test('pads short recordings with --short pad', async () => {
    const words = join(folder, 'words');
    await writeCorpus('speech-commands', words);
    const argv = ['prepare', 'speech-commands', words, '--sample-rate', '8000', '--workers', '0'];
    const out = fresh();
    const dropped = await cliJson<CliError>([...argv, '--out', out]);
    expect(dropped.status).toBe(1);
    expect(dropped.json.error.code).toBe('AUDIO_EMPTY');
    const padded = await cliJson<PrepareResult>([...argv, '--short', 'pad', '--out', out]);
    expect(padded.status).toBe(0);
    expect(padded.json.train).toMatchObject({ files: 5, segments: 5 });
  });

  test('interrupted, ends with status 130, and the same command goes on', async () => {
    const out = fresh();
    const argv = ['prepare', 'vctk', corpus, ...QUICK, '--out', out];
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (existsSync(join(out, 'preparation.json'))) controller.abort();
    }, 1);
    const { status, stderr } = await cli(argv, controller.signal);
    clearInterval(watch);
    expect(status).toBe(130);
    expect(stderr).toContain(`fewsound prepare vctk ${corpus} --out ${out}`);
    expect((await cliJson(argv)).status).toBe(0);
    const other = await cliJson<CliError>([...argv, '--segment', '1000']);
    expect(other.status).toBe(1);
    expect(other.json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'segmentSamples' });
  });

  test('names what it looked for where the folder is not the corpus', async () => {
    const { status, json } = await cliJson<CliError>(['prepare', 'ljspeech', corpus]);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(json.error.message).toContain('wavs');
  });
});

const main = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const testBuilt = existsSync(main) ? test : test.skip;

testBuilt('killed at any moment, goes on to the same bytes (skipped without dist/)', async () => {
  const argv = (out: string) => [
    'prepare',
    'vctk',
    corpus,
    ...SMALL,
    '--workers',
    '2',
    '--out',
    out,
  ];
  const whole = fresh();
  expect((await cliJson(argv(whole))).status).toBe(0);
  const out = fresh();
  for (const patience of [150, 250, 350]) {
    const child = spawn(process.execPath, [main, ...argv(out)], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    setTimeout(() => child.kill('SIGKILL'), patience);
    await ended;
  }
  expect((await cliJson(argv(out))).status).toBe(0);
  for (const name of ['manifest.json', 'train-00000.f32', 'validation-00000.f32']) {
    expect(await readFile(join(out, name))).toEqual(await readFile(join(whole, name)));
  }
});
