import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TrainingReportInput, writeTrainingReport } from '../../lib/report';
import { renderTrainingReport } from '../../lib/report/training-report';
import { MetricsLog, readMetricsLog } from '../../lib/train';
import { sampleReconstruction, sampleRecords, sampleTraining } from './sample-training';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-training-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Without what is optional and slow to draw. */
function quick(changes: Partial<TrainingReportInput> = {}): TrainingReportInput {
  const { bestStep: _, ...input } = sampleTraining({ reconstructions: [] });
  return { ...input, records: [], ...changes };
}

/** Rows of the table of validations, a list of cells each. */
function validationRows(text: string): string[][] {
  const table = /<h2>Validations<\/h2>[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(text)?.[1] ?? '';
  return [...table.matchAll(/<tr[^>]*>(.*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell = '']) =>
      cell.replace(/<[^>]*>/g, ''),
    ),
  );
}

describe('the report of a training', () => {
  let text: string;
  beforeAll(async () => {
    text = await renderTrainingReport(sampleTraining());
  });

  test('says how far it came, and what was trained on what', () => {
    expect(text).toContain('<h1>FewSound with a KAN on VCTK</h1>');
    expect(text).toContain('2,000 steps in 40 epochs and 7 min 0 s.');
    for (const title of ['Model', 'Target', 'Corpus', 'Machine']) {
      expect(text).toContain(`<h3>${title}</h3>`);
    }
    expect(text).toContain('<th scope="row">schedule.kind</th><td>one-cycle</td>');
  });

  test('draws losses, metrics, learning rate and gradients over epochs', () => {
    const labels = [...text.matchAll(/class="plot on-wide"[^>]*aria-label="([^"]*)"/g)].map(
      ([, label = '']) => label,
    );
    expect(labels).toEqual([
      expect.stringMatching(/^Loss .* Training from .* Validation from/),
      expect.stringMatching(/^SI-SNR \(dB\) of the validations: Validation from .* dB to .* dB$/),
      expect.stringMatching(/^MSE of the validations/),
      expect.stringMatching(/^LSD of the validations/),
      expect.stringMatching(/^Learning rate over the training/),
      expect.stringMatching(/^Gradient norm over the training/),
    ]);
    expect(text).toContain('>Epoch</text>');
    expect(text).not.toContain('>Step</text>');
  });

  test('marks the best validation and the best of each column, and shows the best first', () => {
    expect(validationRows(text).find(([, step]) => step === '1,600')?.[0]).toBe('32 best');
    expect(text.match(/class="number best"/g)).toHaveLength(8);
    expect(text).toContain('Metrics of the best validation, after epoch 32.');
  });

  test('has two players, two spectrograms and the waveforms of each recording', () => {
    expect(text.match(/<audio /g)).toHaveLength(4);
    expect(text.match(/aria-label="Spectrogram of /g)).toHaveLength(4);
    expect(text).toContain('MSE 0.001230 · PSNR 31.50 dB · SI-SNR 24.25 dB · LSD 1.275');
  });

  test('refers to nothing outside itself and holds no number that is none', () => {
    for (const [, address] of text.matchAll(/(?:src|href)="([^"]*)"/g)) {
      expect(address).toMatch(/^(data:|#)/);
    }
    const written = text.replace(/base64,[^"]*/g, '');
    expect(/.{0,80}(NaN|Infinity|undefined)/.exec(written)?.[0]).toBeUndefined();
  });
});

describe('a training that', () => {
  test('was stopped says so', async () => {
    const text = await renderTrainingReport(
      quick({ records: sampleRecords(2), plannedSteps: 5000 }),
    );
    expect(text).toContain('The training was to have 5,000 steps');
    expect(text).toContain('Metrics of the last validation, after epoch 2.');
  });

  test('noticed something says so before all else', async () => {
    const message = 'the networks for <b>6 of 6</b> recordings are constant';
    const place = { step: 50, epoch: 1, seconds: 10 };
    const records = [
      ...sampleRecords(1),
      { kind: 'warning', code: 'CONSTANT_OUTPUT', message, ...place } as const,
    ];
    const text = await renderTrainingReport(quick({ records }));
    const note = /<div class="warnings" role="note">([\s\S]*?)<\/div>/.exec(text);
    expect(note?.[1]).toContain('&lt;b&gt;6 of 6&lt;/b&gt; recordings are constant');
    expect(note?.index).toBeLessThan(text.indexOf('class="figures"'));
    expect(text).toContain('50 steps in 1 epoch');
    expect(await renderTrainingReport(quick({ records: sampleRecords(1) }))).not.toContain(
      'class="warnings"',
    );
  });

  test('ended before its first step has a report all the same', async () => {
    const text = await renderTrainingReport(quick());
    expect(text).toContain('Nothing was recorded');
    expect(text).not.toMatch(/<svg|<audio/);
  });

  test('ended before its first validation has its curves', async () => {
    const text = await renderTrainingReport(quick({ records: sampleRecords(1).slice(0, 20) }));
    expect(text).toContain('20 steps in 1 epoch');
    expect(text).not.toContain('Validations');
    expect(text).toContain('Learning rate over the training');
  });

  test('came to nothing shows what there is', async () => {
    const records = sampleRecords(2).map((record) => ({
      ...record,
      loss: null,
      ...(record.kind === 'validation' && { siSnr: null, mse: null }),
    }));
    const reconstruction = new Float32Array(16_384).fill(Number.NaN);
    const text = await renderTrainingReport(
      quick({ records, reconstructions: [sampleReconstruction('a', { reconstruction })] }),
    );
    expect(text.match(/<audio /g)).toHaveLength(1);
    expect(text).toContain('there is nothing to hear');
    expect(text).toContain('>undefined</td>');
    expect(text).not.toContain('aria-label="Loss over');
  });

  test('was long has a small report, with the best of its validations', async () => {
    const records = sampleRecords(2500);
    const text = await renderTrainingReport(quick({ records, bestStep: 1234 * 50 }));
    expect(text.length).toBeLessThan(1e6);
    const rows = validationRows(text);
    expect(rows.length).toBeLessThan(45);
    expect(rows.map(([epoch]) => epoch)).toContain('1234 best');
    expect(rows.at(-1)?.[0]).toBe('2500');
    expect(text).toMatch(/\d+ of 2,500 validations are shown/);
  });

  test('has columns of its own choice, and steps where the length of an epoch is not known', async () => {
    const { stepsPerEpoch: _, ...input } = quick({ records: sampleRecords(2), columns: ['siSnr'] });
    const text = await renderTrainingReport(input);
    expect(validationRows(text)[0]).toHaveLength(5);
    expect(text).toContain('>Step</text>');
  });
});

test('many recordings: pictures of the first, players for all', async () => {
  const samples = new Float32Array(64).fill(0.5);
  const reconstructions = Array.from({ length: 14 }, (_, index) =>
    sampleReconstruction(`<${index}>`, { original: samples, reconstruction: samples }),
  );
  const text = await renderTrainingReport(quick({ reconstructions }));
  expect(text.match(/<audio /g)).toHaveLength(28);
  expect(text.match(/aria-label="Spectrogram of /g)).toHaveLength(24);
  expect(text).toContain('&lt;13&gt;');
});

test('takes what the log of a training holds', async () => {
  const path = join(folder, 'metrics.jsonl');
  const log = await MetricsLog.create(path);
  for (const record of sampleRecords(2)) {
    await log.append(record);
  }
  await log.close();
  const text = await renderTrainingReport(quick({ records: await readMetricsLog(path) }));
  expect(validationRows(text)).toHaveLength(2);
});

test.each<[string, Partial<TrainingReportInput>]>([
  ['bestStep', { bestStep: 7 }],
  ['stepsPerEpoch', { stepsPerEpoch: 0 }],
  ['original', { reconstructions: [sampleReconstruction('a', { original: new Float32Array(0) })] }],
  [
    'original',
    { reconstructions: [sampleReconstruction('a', { original: Float32Array.of(Number.NaN) })] },
  ],
  [
    'reconstruction',
    { reconstructions: [sampleReconstruction('a', { reconstruction: new Float32Array(5) })] },
  ],
  ['sampleRate', { reconstructions: [sampleReconstruction('a', { sampleRate: 0 })] }],
])('a bad %s is refused and nothing is written', async (field, changes) => {
  const report = writeTrainingReport(join(folder, 'report.html'), quick(changes));
  await expect(report).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
  expect(await readdir(folder)).toEqual([]);
});

test('is written, or fails with IO', async () => {
  const path = join(folder, 'report.html');
  await writeTrainingReport(path, quick());
  expect(await readFile(path, 'utf8')).toContain('</html>');
  await expect(writeTrainingReport(join(path, 'x'), quick())).rejects.toMatchObject({ code: 'IO' });
});
