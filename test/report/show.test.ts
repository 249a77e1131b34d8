import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MimeBundle, type Showable, show, writeReport } from '../../lib/report';
import { sampleModel, sampleRun, sampleSound } from './sample-report';

/** What a kernel gets of the last value of a cell, as Deno's asks for it. */
async function asked(what: Showable): Promise<MimeBundle> {
  const shown = (await show(what)) as unknown as Record<symbol, () => MimeBundle>;
  const method = shown[Symbol.for('Jupyter.display')];
  expect(method).toBeInstanceOf(Function);
  const bundle = (method as () => MimeBundle).call(shown);
  expect(bundle['text/plain']).toEqual(expect.any(String));
  for (const [type, content] of Object.entries(bundle)) {
    expect(type).toMatch(/^text\/(plain|html|markdown)$/);
    expect(content).not.toBe('');
  }
  return bundle;
}

/** The document in the frame of a bundle. */
function framed(bundle: MimeBundle): string {
  const [, document = ''] = /^<iframe srcdoc="([^"]*)"/.exec(bundle['text/html'] ?? '') ?? [];
  const letters: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return document.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => letters[name] ?? '');
}

const sound = sampleSound();
const report = { original: sound, model: sampleModel(sound), run: sampleRun };

it('shows a recording: a player, its waveform and its spectrogram', async () => {
  const bundle = await asked(sound);
  expect(bundle['text/plain']).toContain('8,192 samples at 22,050 Hz');
  const document = framed(bundle);
  expect(document).toMatch(/^<!doctype html>/);
  const [, wav = ''] = /<audio[^>]* src="data:audio\/wav;base64,([^"]*)"/.exec(document) ?? [];
  expect(Buffer.from(wav, 'base64').length).toBe(44 + 2 * sound.samples.length);
  expect(document).toContain('aria-label="Waveforms over 0.372 seconds');
  expect(document).toContain('data:image/png;base64,');
});

it('shows the result of a fit: the course of its loss', async () => {
  const { losses, steps, seconds, secondsPerStep } = report.model;
  const result = { steps, loss: 0.0535, losses, siSnr: 17.25, seconds, secondsPerStep };
  const bundle = await asked(result as Showable);
  expect(bundle['text/plain']).toMatch(/^200 steps in .*loss 0\.05350$/);
  expect(framed(bundle)).toContain('17.25');
  expect(framed(bundle)).toContain('Loss over 200 steps');
});

it('shows metrics as tables', async () => {
  const bundle = await asked(report.model.metrics as Showable);
  expect(bundle['text/plain']).toContain('24.25');
  expect(bundle['text/markdown']).toMatch(/^\|.*SI-SNR/);
  expect(bundle['text/html']).toContain('<table>');
});

it('shows runs as a table, in Markdown for notebooks', async () => {
  const bundle = await asked([
    { name: 'one', metrics: { siSnr: 20, lsd: 1.5 } },
    { name: 'two', metrics: { siSnr: 22, lsd: null } },
  ]);
  expect(bundle['text/markdown']).toMatch(/\| two \| \*\*22/);
  expect(Object.keys(bundle)).not.toContain('text/html');
});

it('shows reports, from their input and from a file', async () => {
  const document = framed(await asked(report));
  expect(document).toContain('glide.wav, as a KAN learned it');
  const { model, ...others } = report;
  expect(framed(await asked({ ...others, models: [model] }))).toContain('glide.wav in one network');

  const folder = await mkdtemp(join(tmpdir(), 'fewsound-show-'));
  try {
    await writeReport(join(folder, 'report.html'), report);
    expect(framed(await asked(join(folder, 'report.html')))).toBe(document);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('says where a report cannot be read', async () => {
  const missing = join(tmpdir(), 'fewsound-no-such-report.html');
  await expect(show(missing)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  await expect(show(tmpdir())).rejects.toMatchObject({ code: 'IO' });
});

it.each([[undefined], [null], [5], [{}], [[1, 2]], [{ name: 'x' }]])('refuses %j', async (what) => {
  await expect(show(what as never)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'what',
  });
});
