import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { readAudio } from '../../lib/audio';
import { runCli } from '../../lib/cli/program';
import type { Snapshot } from '../../lib/studio/protocol';
import { tones } from './open-studio';

test('fit --watch shows the fit on a page until it is interrupted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fewsound-watch-'));
  const audio = join(folder, 'tones.wav');
  await writeFile(audio, tones());
  const interruption = new AbortController();
  let told = '';
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const result = new Promise((done) => stdout.once('data', done));
  stderr.on('data', (chunk) => {
    told += String(chunk);
  });
  const out = join(folder, 'run');
  const small = ['--layers', '8,4', '--grid', '4', '--steps', '20', '--fft-sizes', '256'];
  const command = runCli(['fit', audio, ...small, '--watch', '--no-open', '--out', out], {
    ...{ stdout, stderr, signal: interruption.signal },
  });
  // The results are there while the page is still open.
  expect(String(await result)).toContain(`Results in ${out}`);
  const address = /^Open (\S+)$/m.exec(told)?.[1] as string;
  const greeted = await fetch(address, { redirect: 'manual' });
  const cookie = (greeted.headers.get('set-cookie') as string).split(';')[0] as string;
  const { origin } = new URL(address);
  const events = await fetch(`${origin}/events`, { headers: { cookie } });
  const reader = (events.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (!/^data: .*\n\n/m.test(text)) text += Buffer.from((await reader.read()).value ?? []);
  await reader.cancel();
  const { forms, runs } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] as string) as Snapshot;
  expect(forms).toBeUndefined();
  expect(runs).toMatchObject([{ kind: 'kan', status: 'done', ours: false, course: { step: 20 } }]);
  const present = await fetch(`${origin}/api/runs/1/present`, { headers: { cookie } });
  const { channels } = await readAudio(join(out, 'reconstruction.wav'));
  expect(new Float32Array(await present.arrayBuffer())).toEqual(channels[0]);
  // It only watches.
  const learn = { method: 'POST', headers: { cookie, origin }, body: '{}' };
  expect((await fetch(`${origin}/api/learn`, learn)).status).toBe(404);

  interruption.abort();
  expect(await command).toBe(0);
  await expect(fetch(address)).rejects.toThrow();
  await rm(folder, { recursive: true });
});
