import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  MetricsLog,
  type MetricsRecord,
  readMetricsLog,
  type StepRecord,
  type ValidationRecord,
} from '../../lib/train';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-log-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

function stepRecord(step: number, changes: Partial<StepRecord> = {}): StepRecord {
  return {
    kind: 'step',
    step,
    epoch: Math.ceil(step / 3),
    loss: 1 / step,
    learningRate: 1e-4,
    gradNorm: 0.5,
    samplesPerSecond: 12.5,
    seconds: step / 10,
    ...changes,
  };
}

function validationRecord(step: number): ValidationRecord {
  return {
    kind: 'validation',
    step,
    epoch: Math.ceil(step / 3),
    loss: 2 / step,
    mse: 1e-3 / step,
    psnr: 20,
    siSnr: -3.5,
    wd: null,
    seconds: step / 10,
  };
}

/** What a training of some steps logs: a validation after every third. */
function course(from: number, to: number): MetricsRecord[] {
  const records: MetricsRecord[] = [];
  for (let step = from; step <= to; step++) {
    records.push(stepRecord(step));
    if (step % 3 === 0) records.push(validationRecord(step));
  }
  return records;
}

async function appendAll(log: MetricsLog, records: readonly MetricsRecord[]): Promise<void> {
  await Promise.all(records.map((record) => log.append(record)));
  await log.close();
}

async function wholeLog(steps: number): Promise<Buffer> {
  await appendAll(await MetricsLog.create(path), course(1, steps));
  return readFile(path);
}

test('what is appended is read, in order, without waiting in between', async () => {
  await wholeLog(50);
  expect(await readMetricsLog(path)).toEqual(course(1, 50));
});

test('a record is in the file as soon as its append is done', async () => {
  const log = await MetricsLog.create(path);
  await log.append(stepRecord(1));
  expect(await readMetricsLog(path)).toEqual([stepRecord(1)]);
  await log.flush();
  await log.close();
  await log.close();
});

test('NaN and infinities become null', async () => {
  const log = await MetricsLog.create(path);
  await log.append(stepRecord(1, { loss: Number.NaN, gradNorm: Number.POSITIVE_INFINITY }));
  await log.close();
  expect(await readMetricsLog(path)).toEqual([stepRecord(1, { loss: null, gradNorm: null })]);
});

test('torn anywhere, all records before are read, and a resumed log equals the whole one', async () => {
  const bytes = await wholeLog(4);
  // The offset at which a record's object is closed, its line end not needed.
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a);
  // Every byte around the ends of lines; within a line one is as good as its neighbors.
  const cuts = [...bytes.keys(), bytes.length].filter(
    (at) => at % 8 === 0 || ends.some((end) => Math.abs(end - at) <= 2),
  );
  for (const cut of cuts) {
    await writeFile(path, bytes.subarray(0, cut));
    const read = await readMetricsLog(path);
    expect(read).toEqual(course(1, 4).slice(0, ends.filter((end) => end <= cut).length));

    // The checkpoint is of the last step that the log has whole, with its validation.
    const complete = Math.max(0, read.findLast(({ kind }) => kind === 'validation')?.step ?? 0);
    const log = await MetricsLog.resume(path, complete);
    await appendAll(log, course(complete + 1, 4));
    expect((await readFile(path)).equals(bytes)).toBe(true);
  }
});

test('whatever step the checkpoint has, a log killed at any byte after it resumes to the whole one', async () => {
  const bytes = await wholeLog(30);
  const length = (steps: number) =>
    course(1, steps).reduce((sum, record) => sum + JSON.stringify(record).length + 1, 0);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(30),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (step, place) => {
        const flushed = length(step);
        const cut = flushed + Math.floor(place * (bytes.length - flushed));
        await writeFile(path, bytes.subarray(0, cut));
        await appendAll(await MetricsLog.resume(path, step), course(step + 1, 30));
        expect((await readFile(path)).equals(bytes)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test('a validation that is made again is not there twice', async () => {
  const bytes = await wholeLog(6);
  const { step } = course(1, 6).findLast(({ kind }) => kind === 'validation') as MetricsRecord;
  const again = course(1, 6).filter((r) => r.kind === 'validation' && r.step === step);
  const later = course(step + 1, 6);
  const log = await MetricsLog.resume(path, step, { validationDue: true });
  await appendAll(log, [...again, ...later]);
  expect((await readFile(path)).equals(bytes)).toBe(true);
});

test('what a loss of power may leave behind the last line is dropped', async () => {
  const bytes = await wholeLog(6);
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(300)]));
  expect(await readMetricsLog(path)).toEqual(course(1, 6));
  await (await MetricsLog.resume(path, 6)).close();
  expect((await readFile(path)).equals(bytes)).toBe(true);
  expect(await readdir(folder)).toEqual(['metrics.jsonl']);
});

test('a resumed log that needs no mending is not rewritten', async () => {
  await wholeLog(6);
  const { ino } = await stat(path);
  await (await MetricsLog.resume(path, 6)).close();
  expect((await stat(path)).ino).toBe(ino);
});

test('fields of a later version survive', async () => {
  await writeFile(path, `${JSON.stringify({ ...stepRecord(1), temperature: 3 })}\n`);
  await (await MetricsLog.resume(path, 1)).close();
  expect(await readMetricsLog(path)).toEqual([{ ...stepRecord(1), temperature: 3 }]);
});

const built = join(__dirname, '..', '..', 'dist', 'train', 'metrics-log.js');
(existsSync(built) ? test : test.skip)(
  'a process that is killed while it writes leaves whole records (skipped without dist/: npm run build)',
  async () => {
    const program = `
      const { MetricsLog } = require(${JSON.stringify(built)});
      (async () => {
        const log = await MetricsLog.create(process.argv[1]);
        for (let step = 1; ; step++) {
          await log.append({ ...${JSON.stringify(stepRecord(1))}, step });
          if (step === 1000) process.stdout.write('going');
        }
      })();`;
    const child = spawn(process.execPath, ['-e', program, path], { stdio: 'pipe' });
    child.stdout.on('data', () => child.kill('SIGKILL'));
    await new Promise((resolve) => child.on('close', resolve));
    const steps = (await readMetricsLog(path)).map(({ step }) => step);
    expect(steps.length).toBeGreaterThanOrEqual(1000);
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => index + 1));
  },
);

describe('refuses', () => {
  test('to begin where there is a log', async () => {
    await wholeLog(3);
    await expect(MetricsLog.create(path)).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('exists already'),
    });
  });

  test('a log that is missing', async () => {
    await expect(MetricsLog.resume(path, 3)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(readMetricsLog(path)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(MetricsLog.create(join(path, 'x'))).rejects.toMatchObject({ code: 'IO' });
    await expect(readMetricsLog(folder)).rejects.toMatchObject({ code: 'IO' });
  });

  test.each([
    ['not JSON', '{"kind":"st', 'line 2 is not JSON'],
    ['of no known kind', '{"kind":"lunch","step":2}', 'line 2: kind'],
    ['without a step', '{"kind":"validation","epoch":1,"loss":1,"seconds":1}', 'line 2: step'],
  ])(
    'a line in the middle that is %s, by its number, and leaves the file',
    async (_, line, said) => {
      const text = `${JSON.stringify(stepRecord(1))}\n${line}\n${JSON.stringify(stepRecord(2))}\n`;
      await writeFile(path, text);
      for (const attempt of [readMetricsLog(path), MetricsLog.resume(path, 1)]) {
        await expect(attempt).rejects.toMatchObject({
          code: 'FILE_FORMAT',
          message: expect.stringContaining(said),
        });
      }
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );
});
