import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeComparisonReport, writeReport } from '../../lib/report';
import { errorSection } from '../../lib/report/error-section';
import { renderReport } from '../../lib/report/fit-report';
import { listenSection } from '../../lib/report/sections';
import { sampleModel, sampleRun, sampleSound } from './sample-report';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

const original = sampleSound();
const model = sampleModel(original);

async function report(changes: Partial<Parameters<typeof writeReport>[1]> = {}): Promise<string> {
  const path = join(folder, 'report.html');
  await writeReport(path, { original, model, run: sampleRun, ...changes });
  return readFile(path, 'utf8');
}

/** The rows of settings as [name, value]. */
const settings = (text: string) =>
  [...text.matchAll(/<tr><th scope="row">([^<]*)<\/th><td>([^<]*)<\/td><\/tr>/g)].map((row) =>
    row.slice(1),
  );

describe('writeReport', () => {
  let text: string;
  beforeAll(async () => {
    text = await renderReport({ original, model, run: sampleRun });
  });

  test('names the recording, the network, the date and the version', () => {
    expect(text).toContain('<h1>glide.wav, as a KAN learned it</h1>');
    expect(text).toContain('46,704 parameters');
    expect(text).toContain('2 January 2026');
    expect(text).toContain('fewsound 0.1.0');
  });

  test('shows every setting of the network, the training and the machine', () => {
    const rows = settings(text);
    expect(rows).toContainEqual(['layers', '48, 24, 12']);
    expect(rows).toContainEqual(['scaleSpline', 'yes']);
    expect(rows).toContainEqual(['loss.mel', '1']);
    expect(rows).toContainEqual(['LibTorch', '2.13.0+cpu']);
    expect(rows).toContainEqual(['threads', '2']);
  });

  test('says why a metric has no number', async () => {
    const withoutSiSnr = await report({
      model: { ...model, metrics: { ...model.metrics, siSnr: null } },
    });
    expect(withoutSiSnr).toContain('undefined: one of the signals is silent or constant');
    expect(withoutSiSnr).not.toMatch(/NaN|Infinity|null/);
  });

  test('refers to nothing outside itself', () => {
    const references = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    expect(references.length).toBeGreaterThan(4);
    for (const address of references) expect(address).toMatch(/^(data:|#)/);
  });

  test('is small however long the recording and the training: under 2 MB beside the audio', async () => {
    const long = sampleSound(20 * 22_050);
    const longText = await report({
      original: long,
      model: sampleModel(long, { losses: new Float64Array(100_000).fill(0.1) }),
    });
    const withoutAudio = longText.replace(/data:audio\/wav;base64,[^"]*/g, '');
    expect(withoutAudio.length).toBeLessThan(2e6);
  });

  test.each([
    ['silence', new Float32Array(4096)],
    ['one sample', Float32Array.of(0.5)],
  ])('can be made of %s', async (_, samples) => {
    const sound = { samples, sampleRate: 22_050 };
    const bare = await report({
      original: sound,
      model: sampleModel(sound, {
        metrics: { mse: 0, psnr: null, siSnr: null },
        losses: [0],
        siSnr: [{ step: 1, siSnr: null }],
      }),
    });
    expect(bare).toContain('A recording, as a KAN learned it');
    expect(bare).not.toMatch(/NaN|Infinity/);
  });

  test('says before all else what was noticed in the fit', async () => {
    const text = await report({ model: { ...model, warnings: ['the output is constant'] } });
    expect(text).toMatch(/role="note"[\s\S]*the output is constant[\s\S]*class="figures"/);
    expect(await report({})).not.toContain('role="note"');
  });

  test('does not let names become markup', async () => {
    const titled = await report({ title: '<script>alert(1)</script>' });
    expect(titled).not.toContain('<script>alert');
    expect(titled).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test.each([
    ['reconstruction', { model: { ...model, reconstruction: new Float32Array(5) } }],
    ['original', { original: { samples: new Float32Array(0), sampleRate: 22_050 } }],
    ['sampleRate', { original: { ...original, sampleRate: 0 } }],
  ])('refuses a bad %s and writes nothing', async (field, changes) => {
    await expect(report(changes)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
    expect(await readdir(folder)).toEqual([]);
  });

  test('fails with IO where it cannot write, and leaves nothing', async () => {
    const path = join(folder, 'missing', 'report.html');
    await expect(writeReport(path, { original, model, run: sampleRun })).rejects.toMatchObject({
      code: 'IO',
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('writeComparisonReport', () => {
  test('marks the best value of each metric and has a panel and a player for each network', async () => {
    const path = join(folder, 'report.html');
    const models = [
      model,
      sampleModel(original, {
        kind: 'siren',
        metrics: { ...model.metrics, lsd: 0.5, siSnr: null },
      }),
    ];
    await writeComparisonReport(path, { original, models, run: sampleRun });
    const text = await readFile(path, 'utf8');
    expect(text).toContain('<td class="number best">0.5000</td>');
    expect(text).toContain('<td class="number best">24.25</td>');
    expect(text.match(/<audio /g)).toHaveLength(3);
    expect(text.match(/aria-label="Spectrogram of /g)).toHaveLength(3);
    expect(text.match(/aria-label="Difference in level between /g)).toHaveLength(2);
    expect((await stat(path)).size).toBeLessThan(2e6);
  });

  test('needs a network', async () => {
    const path = join(folder, 'report.html');
    await expect(
      writeComparisonReport(path, { original, models: [], run: sampleRun }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'models',
    });
  });
});

describe('of long recordings', () => {
  test('the error is drawn', async () => {
    const sampleRate = 1000;
    const samples = Float32Array.from({ length: 2400 * sampleRate }, (_, i) => Math.sin(i / 9));
    const reconstruction = { name: 'KAN', samples: samples.map((sample) => 0.9 * sample) };
    const drawn = await errorSection({ samples, sampleRate }, [reconstruction]);
    expect(drawn.text).toContain('signal-to-noise ratio from 20.0 dB');
  });

  test('the page says where the sounds are, for which it has no room', () => {
    const samples = new Float32Array(2 ** 26 + 1);
    const sound = (name: string) => ({ name, samples });
    const { text } = listenSection(44_100, [sound('Original'), sound('KAN')]);
    expect(text).toContain('2 players take up to 25 minutes each at this rate');
    expect(text).not.toContain('<audio');
  });
});
