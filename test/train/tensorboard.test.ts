import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { encodeWav } from '../../lib/audio';
import { TensorBoardWriter } from '../../lib/train';
import {
  audioValue,
  crc32c,
  fileVersionEvent,
  frameRecord,
  scalarValue,
  sessionStartEvent,
  summaryEvent,
  textValue,
} from '../../lib/train/tensorboard';

interface Golden {
  readonly wallTime: number;
  /** Records in base64. */
  readonly records: Readonly<Record<string, string>>;
}

const golden = JSON.parse(
  readFileSync(join(__dirname, 'tensorboard-events.json'), 'utf8'),
) as Golden;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-events-'));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['32 zeros', new Uint8Array(32), 0x8a91_36aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ['32 bytes that rise', Uint8Array.from([...Array(32).keys()]), 0x46dd_794e],
  ['32 bytes that fall', Uint8Array.from([...Array(32).keys()].reverse()), 0x113f_db5c],
  ['the digits from 1 to 9', Buffer.from('123456789'), 0xe306_9283],
  ['nothing', new Uint8Array(0), 0],
])('CRC-32C of %s is that of RFC 3720', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

describe('records are those of TensorBoard itself, byte by byte (tensorboard_events.py)', () => {
  const { wallTime } = golden;
  const scalars = (step: number, values: readonly (readonly [string, number])[]) =>
    summaryEvent(
      { step, wallTime },
      values.map(([tag, value]) => scalarValue(tag, value)),
    );
  const wav = Uint8Array.of(0x52, 0x49, 0x46, 0x46, 0x00, 0xff);
  test.each([
    ['fileVersion', fileVersionEvent(wallTime)],
    ['sessionStart', sessionStartEvent({ step: 301, wallTime })],
    [
      'scalars',
      scalars(300, [
        ['train/loss', 0.1],
        ['validation/SI-SNR', -3.5],
        ['zero', 0],
      ]),
    ],
    ['firstStep', scalars(0, [['loss', 1]])],
    ['manySteps', scalars(2 ** 40 + 200, [['loss', Number.NaN]])],
    ['audio', summaryEvent({ step: 128, wallTime }, [audioValue('p225/original', wav)])],
    ['text', summaryEvent({ step: 0, wallTime }, [textValue('config', '| λ | 1e-4 |')])],
    ['long', scalars(1, [['x'.repeat(300), 1]])],
  ] as const)('%s', (name, event) => {
    expect(Buffer.from(frameRecord(event)).toString('base64')).toBe(golden.records[name]);
  });
});

/** Data of the records of an event file; fails where a length or a checksum is wrong. */
function unframe(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const data = file.subarray(at + 12, at + 12 + Number(file.readBigUInt64LE(at)));
    const record = frameRecord(data);
    expect(file.subarray(at, at + record.length).equals(record)).toBe(true);
    records.push(data);
    at += record.length;
  }
  return records;
}

test('any data comes back from its record', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (pieces) => {
      expect(unframe(Buffer.concat(pieces.map(frameRecord)))).toEqual(
        pieces.map((piece) => Buffer.from(piece)),
      );
    }),
  );
});

const tone = Float32Array.from({ length: 2205 }, (_, index) => 0.5 * Math.sin(index / 10));

/** Ten steps, killed; gone on with from step 6. */
async function interruptedTraining(): Promise<readonly [first: string, second: string]> {
  const first = await TensorBoardWriter.open(join(folder, 'events'));
  const events = [first.text(0, 'config', '**grid** 10')];
  for (let step = 1; step <= 10; step++) {
    events.push(first.scalars(step, { 'train/loss': 1 / step, 'train/beta1': null }));
  }
  events.push(first.audio(6, 'p225/original', { samples: tone, sampleRate: 22_050 }));
  await Promise.all(events);
  await first.close();

  const second = await TensorBoardWriter.open(join(folder, 'events'), { resumedAt: 6 });
  for (let step = 7; step <= 8; step++) await second.scalars(step, { 'train/loss': 100 + step });
  await second.flush();
  await second.close();
  return [first.path, second.path];
}

test('each opening begins a file that TensorBoard reads after those before', async () => {
  const paths = await interruptedTraining();
  expect(
    (await readdir(join(folder, 'events'))).sort().map((name) => join(folder, 'events', name)),
  ).toEqual(paths);
  const [first = [], second = []] = await Promise.all(
    paths.map(async (path) => unframe(await readFile(path))),
  );
  expect(paths[0]).toMatch(/events\.out\.tfevents\.\d{10}\.[\w.-]+$/);
  expect(first).toHaveLength(2 + 1 + 10 + 1);
  expect(second).toHaveLength(2 + 2);
  // Step 7 and after count no more: field 2 of the event, field 1 of its session log.
  expect(second[1]?.subarray(9)).toEqual(Buffer.of(0x10, 7, 0x3a, 2, 0x08, 1));
});

test('a clock that was put back does not change the order', async () => {
  const ahead = 'events.out.tfevents.9000000000.elsewhere';
  await writeFile(join(folder, ahead), '');
  const writer = await TensorBoardWriter.open(folder);
  await writer.close();
  expect(writer.path).toContain('tfevents.9000000001.');
});

test.each([
  [
    'a step that is none',
    'INVALID_ARGUMENT',
    (writer: TensorBoardWriter) => writer.scalars(1.5, { a: 1 }),
  ],
  [
    'an empty sound',
    'AUDIO_EMPTY',
    (writer: TensorBoardWriter) =>
      writer.audio(1, 'a', { samples: new Float32Array(0), sampleRate: 8000 }),
  ],
  [
    'anything after closing',
    'IO',
    async (writer: TensorBoardWriter) => {
      await writer.close();
      await writer.text(1, 'a', 'late');
    },
  ],
])('refuses %s', async (_, code, act) => {
  const writer = await TensorBoardWriter.open(folder);
  await expect(act(writer)).rejects.toMatchObject({ code });
  await writer.close();
});

test('refuses a folder that cannot be made and a step to go on from that is none', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(TensorBoardWriter.open(join(folder, 'file', 'events'))).rejects.toMatchObject({
    code: 'IO',
  });
  await expect(TensorBoardWriter.open(folder, { resumedAt: -1 })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'resumedAt',
  });
});

const python = process.env.TENSORBOARD_PYTHON;
(python ? describe : describe.skip)(
  'TensorBoard itself (skipped without TENSORBOARD_PYTHON: a python that has tensorboard)',
  () => {
    async function read(): Promise<Record<string, Record<string, unknown>>> {
      const script = join(__dirname, 'tensorboard_events.py');
      const { stdout } = await promisify(execFile)(python as string, [
        script,
        'read',
        join(folder, 'events'),
      ]);
      return JSON.parse(stdout) as Record<string, Record<string, unknown>>;
    }
    const wav = encodeWav({ samples: tone, sampleRate: 22_050 });
    const sha256 = createHash('sha256').update(wav).digest('hex');

    test('shows numbers, sounds and texts, and of a resumed training no step twice', async () => {
      await interruptedTraining();
      const kept = [1, 2, 3, 4, 5, 6].map((step) => [step, Math.fround(1 / step)]);
      const losses = [...kept, [7, 107], [8, 108]];
      expect(await read()).toEqual({
        scalars: { 'train/loss': losses },
        shown: {
          config: ['text', [[0, '**grid** 10']]],
          'p225/original': ['audio', [[6, 'audio/wav', sha256]]],
          'train/loss': ['scalars', losses],
        },
      });
    });

    test('reads what comes before a torn event', async () => {
      const [first, second] = await interruptedTraining();
      await rm(second);
      const { length } = await readFile(first);
      // The sound is last; before it, of the last number, are some bytes missing.
      await truncate(first, length - wav.length - 100);
      const { scalars } = await read();
      expect(scalars?.['train/loss']).toHaveLength(9);
    });
  },
);
