import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeWav } from '../../lib/audio';
import { writeRecording } from './recording-file';
import { type CliError, cli, cliJson } from './run-cli';

let folder: string;
let reference: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-metrics-'));
  reference = await writeRecording(folder, 'reference.wav');
});
afterAll(() => rm(folder, { recursive: true }));

interface MetricsJson {
  readonly metrics: Record<string, number | null>;
  readonly samples: number;
  readonly sampleRate: number;
}

async function degraded(samples: Float32Array, sampleRate = 8000): Promise<string> {
  const path = join(folder, 'degraded.wav');
  await writeWav(path, { samples, sampleRate }, { bitDepth: 32 });
  return path;
}

describe('fewsound metrics', () => {
  test('finds nothing between a recording and itself, with null where the ratio is infinite', async () => {
    const { status, json } = await cliJson<MetricsJson>(['metrics', reference, reference]);
    expect(status).toBe(0);
    expect(json).toMatchObject({
      samples: 6000,
      sampleRate: 8000,
      metrics: { mse: 0, mae: 0, psnr: null },
    });
    expect(json.metrics.wd).toBeCloseTo(0, 8);
  });

  test('does not scale: half the level is an error', async () => {
    const quiet = await degraded(new Float32Array(6000).fill(0.25));
    const { json } = await cliJson<MetricsJson>(['metrics', quiet, reference]);
    expect(json.metrics.mae).toBeGreaterThan(0.2);
  });

  test('prints a table for people, with the reason for what is undefined', async () => {
    const { stdout } = await cli(['metrics', reference, await degraded(new Float32Array(6000))]);
    expect(stdout).toMatch(/^SI-SNR +– +undefined: one of the signals is silent or constant$/m);
    expect(stdout).toMatch(/^MSE +0\.\d+ +lower is better$/m);
  });

  test('wants to be told what to do about different lengths', async () => {
    const short = await degraded(new Float32Array(5000).fill(0.1));
    const { status, json } = await cliJson<CliError>(['metrics', reference, short]);
    expect({ status, code: json.error.code }).toEqual({ status: 1, code: 'SHAPE_MISMATCH' });
    expect(json.error.message).toMatch(/6000.*5000.*--crop/);
    const cropped = await cliJson<MetricsJson>(['metrics', reference, short, '--crop']);
    expect(cropped.status).toBe(0);
    expect(cropped.json.samples).toBe(5000);
  });

  test('wants to be told what to do about different rates', async () => {
    const fast = await degraded(new Float32Array(12_000).fill(0.1), 16_000);
    const { status, json } = await cliJson<CliError>(['metrics', reference, fast]);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'sampleRate' });
    expect(json.error.message).toMatch(/8000.*16000.*--sample-rate 8000/);
    const resampled = await cliJson<MetricsJson>([
      'metrics',
      reference,
      fast,
      '--sample-rate',
      '8000',
    ]);
    expect(resampled.status).toBe(0);
    expect(resampled.json).toMatchObject({ samples: 6000, sampleRate: 8000 });
  });
});
