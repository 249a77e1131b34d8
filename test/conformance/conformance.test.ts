import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { ops, readSafetensors, scope, type Tensor, writeSafetensors } from '../../lib/tensor';
import { temporaryFolder } from '../nn/temporary-folder';
import { conformanceCommand } from './command';
import { compare, passes } from './comparison';
import { reportLines } from './report-lines';
import { checkFile, runConformance } from './run-conformance';

const inFolder = temporaryFolder();
const golden = (name: string) => join(__dirname, '..', 'golden', `${name}.safetensors`);

/** A golden file with one tensor changed. */
async function changed(name: string, tensor: string, change: (value: Tensor) => Tensor) {
  const path = inFolder(`${name}.safetensors`);
  await scope(async () => {
    const { tensors, metadata } = await readSafetensors(golden(name));
    tensors.set(tensor, change(tensors.get(tensor) as Tensor));
    await writeSafetensors(path, tensors, metadata);
  });
  return path;
}

describe('compare', () => {
  it('measures the largest difference by the largest magnitude', () => {
    const comparison = compare('x', [1, 2, -3.5], [1, 2.5, -4], 0.1);
    expect(comparison).toMatchObject({ absolute: 0.5, relative: 0.125 });
    expect(passes(comparison)).toBe(false);
    expect(passes({ ...comparison, tolerance: 0.125 })).toBe(true);
  });

  it('takes the difference itself where the golden tensor is zero', () => {
    expect(compare('x', [0, 1e-6], [0, 0], 1e-4).relative).toBe(1e-6);
  });

  it('never lets NaN or another length pass', () => {
    expect(passes(compare('x', [Number.NaN, 1], [1, 1], 1e9))).toBe(false);
    expect(passes(compare('x', [1], [Number.NaN], 1e9))).toBe(false);
    expect(() => compare('x', [1, 2], [1], 1)).toThrow(/2 numbers, the golden tensor has 1/);
  });
});

describe('rounding', () => {
  const found = { name: 'x', absolute: 0.2, relative: 2e-4, tolerance: 1e-4 };
  const float64 = { golden: 1.9e-4, ours: 1.3e-4, rounding: 3e-5 };
  const weighed = (evidence: Partial<typeof float64>) =>
    passes({ ...found, float64: { ...float64, ...evidence } });

  it('excuses what is as near to float64 as the golden tensor', () => {
    expect(passes(found)).toBe(false);
    expect(weighed({})).toBe(true);
    expect(weighed({ ours: 7.7e-4 })).toBe(false);
    expect(weighed({ ours: Number.NaN })).toBe(false);
  });

  it('excuses nothing where float64 does not confirm the golden tensor', () => {
    expect(weighed({ golden: 2.5e-4 })).toBe(false);
    expect(weighed({ rounding: 2e-5 })).toBe(false);
  });
});

describe('a golden file', () => {
  it.each([
    ['bspline_bases', 'g10_k3.bases'],
    ['kan_batched', 'grad.sw0'],
    ['kan_g1_k2_l6-4_e3_ss1', 'out'],
    ['nerf', 'grad.b3'],
    ['siren', 'grad.w1'],
    ['wire', 'grad.net.2.weight'],
    ['mel_stft_loss', 'mel.128'],
    ['mel_stft_loss', 'grad_xhat'],
    ['metrics', 'metric.lsd'],
    ['onecycle', 'beta1'],
    ['train_rff', 'losses'],
    // In 25 steps rounding takes weights 2e-3 away.
    ['train_rff', 'final.w0', 1.05],
  ])('%s fails when %s is a little off', async (name, tensor, factor = 1.005) => {
    const path = await changed(name, tensor, (value) => value.mul(factor));
    const { status, comparisons } = await checkFile(path);
    expect(status).toBe('fail');
    expect(comparisons.filter((c) => !passes(c)).map((c) => c.name)).toEqual([tensor]);
  });

  it('that lacks a tensor or a setting is an error with a reason', async () => {
    const path = inFolder('nerf.safetensors');
    await scope(() => writeSafetensors(path, { x: ops.zeros([3, 1]) }));
    const report = await checkFile(path);
    expect(report.status).toBe('error');
    expect(report.problem).not.toBe('');
    expect(reportLines(report)[0]).toContain(report.problem);
  });

  it('of another kind is unknown', async () => {
    const path = inFolder('holograms.safetensors');
    copyFileSync(golden('onecycle'), path);
    expect((await checkFile(path)).status).toBe('unknown');
  });
});

describe('the command', () => {
  async function command(...args: string[]) {
    const lines: Record<'out' | 'err', string[]> = { out: [], err: [] };
    const status = await conformanceCommand(args, {
      out: (line) => lines.out.push(line),
      err: (line) => lines.err.push(line),
    });
    return { status, out: lines.out.join('\n'), err: lines.err.join('\n') };
  }
  const folder = join(__dirname, '..', 'golden');

  it('prints a line a file and ends with 0 when all pass', async () => {
    const { status, out } = await command(folder, '--only', 'onecycle,rff');
    expect(status).toBe(0);
    expect(out).toMatch(/^onecycle +pass +0\.0e0 +0\.0e0 +1\.0e-9 {2}lr$/m);
    expect(out).toMatch(/^rff +pass /m);
    expect(out).toMatch(/^2 passed, 0 failed, 0 of an unknown kind$/m);
  });

  it('prints one JSON object', async () => {
    const { status, out } = await command(folder, '--only', 'onecycle', '--json');
    expect(status).toBe(0);
    const { passed, files } = JSON.parse(out);
    expect(passed).toBe(true);
    expect(files[0]).toMatchObject({ file: 'onecycle', status: 'pass', relative: 0, absolute: 0 });
  });

  it('ends with 1 for a file out of tolerance, of an unknown kind, or none', async () => {
    copyFileSync(golden('onecycle'), inFolder('holograms.safetensors'));
    const unknown = await command(inFolder(''), '--only', 'holograms*');
    expect(unknown.status).toBe(1);
    expect(unknown.out).toMatch(/^holograms +unknown there is no checker for this kind$/m);
    await changed('rff', 'out', (value) => value.mul(1.1));
    const failed = await command(inFolder(''), '--only', 'rff');
    expect(failed.status).toBe(1);
    expect(failed.out).toMatch(/ {4}out: relative error 9\.1e-2, above 1\.0e-4/);
    expect((await command(folder, '--only', 'nothing')).status).toBe(1);
  });

  it('ends with 2 for a usage error', async () => {
    expect(await command()).toMatchObject({
      status: 2,
      err: expect.stringContaining('one folder'),
    });
    expect((await command(folder, '--fast')).status).toBe(2);
    expect((await command('--help')).status).toBe(0);
  });
});

describe('a run', () => {
  it('checks the files of a folder, or those that are asked for', async () => {
    const folder = join(__dirname, '..', 'golden');
    const only = ['onecycle', 'bspline*'];
    const seen: string[] = [];
    const reports = await runConformance(folder, { only, onFile: ({ file }) => seen.push(file) });
    expect(seen).toEqual(['bspline_bases', 'bspline_bases_float64', 'onecycle']);
    expect(reports.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass']);
    expect(await runConformance(folder, { only: ['one'] })).toEqual([]);
  });

  it('says of every float32 network how far rounding alone goes', async () => {
    const { comparisons } = await checkFile(golden('siren'), { evidence: 'always' });
    expect(Math.max(...comparisons.map((c) => c.float64?.golden ?? 0))).toBeGreaterThan(1e-6);
    expect(Math.max(...comparisons.map((c) => c.float64?.rounding ?? 0))).toBeGreaterThan(1e-6);
    const exact = await checkFile(golden('siren_float64'), { evidence: 'always' });
    expect(exact.comparisons.every(({ float64 }) => float64 === undefined)).toBe(true);
  });
});
