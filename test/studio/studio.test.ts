import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, truncate, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { readAudio } from '../../lib/audio';
import type { CommandContext } from '../../lib/cli/command';
import { runCli } from '../../lib/cli/program';
import { fitCommandFor } from '../../lib/cli/runs/studio-fits';
import { occupy } from '../../lib/folder-lock';
import { load } from '../../lib/nn';
import type { RunState, Snapshot } from '../../lib/studio/protocol';
import { Client, request, small } from './client';
import { openInFolder, tones } from './open-studio';

type Shown = Snapshot['runs'][number];

let opened: Awaited<ReturnType<typeof openInFolder>>;
let client: Client;

beforeAll(async () => {
  opened = await openInFolder();
  client = await Client.of(opened.studio.address);
});
afterAll(() => opened.close());

const ask: Client['ask'] = (...given) => client.ask(...given);
const post: Client['post'] = (...given) => client.post(...given);
const snapshot = () => client.snapshot();
const untilStatus: Client['untilStatus'] = (...given) => client.untilStatus(...given);
const bring = () => client.bring();

describe('who is let in', () => {
  it.each<[string, string, RequestInit & { headers?: Record<string, string> }]>([
    ['without the token', '/', { headers: { cookie: '' } }],
    ['with a wrong token', '/?token=wrong', { headers: { cookie: '' } }],
    [
      'by a command of another page',
      '/api/learn',
      { method: 'POST', headers: { origin: 'http://evil.example' } },
    ],
    ['by a command without an origin', '/api/learn', { method: 'POST' }],
    [
      'by a picture on another page',
      '/api/runs/a/original',
      { headers: { 'sec-fetch-site': 'cross-site' } },
    ],
  ])('nobody %s', async (_, path, init) => {
    expect((await ask(path, { redirect: 'manual', ...init })).status).toBe(403);
  });

  it('nobody by a name that was pointed to this machine', async () => {
    const status = await new Promise((done, failed) => {
      get(
        client.origin,
        { headers: { cookie: client.cookie, host: 'evil.example' } },
        (response) => {
          response.resume();
          done(response.statusCode);
        },
      ).on('error', failed);
    });
    expect(status).toBe(403);
  });

  it('the page asks no other server, and no other page shows it', async () => {
    const policy = (await ask('/')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each(['the greeting', 'the page'])('%s has an icon, or browsers ask for one', async (page) => {
    const address = page === 'the greeting' ? opened.studio.address : client.origin;
    const answer = await fetch(address, { headers: { cookie: client.cookie } });
    expect(await answer.text()).toContain('<link rel="icon" href="data:,">');
  });
});

describe('what it refuses', () => {
  it('a file that is no sound, and keeps nothing of it', async () => {
    const response = await post('/api/recordings?name=notes.wav', 'These are notes.');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { code: 'FILE_FORMAT' } });
    expect((await snapshot()).recordings).toEqual([]);
  });

  it.each<[string, object]>([
    ['../../etc/passwd as a recording', { recording: '../../etc/passwd' }],
    ['a network that there is not', { networks: [{ kind: 'cnn', options: {} }] }],
    ['an option that there is not', { networks: [{ kind: 'kan', options: { out: '/tmp/x' } }] }],
    [
      'a stretch without an end',
      { stretch: { offset: 0, samples: 2 ** 40, sampleRate: 8000, channel: 'mix' } },
    ],
    ['a hundred networks', { networks: Array.from({ length: 100 }, () => small) }],
  ])('%s', async (_, change) => {
    const { id } = await bring();
    const response = await post('/api/learn', request(id, 5, change));
    expect(response.status).toBe(422);
    expect((await snapshot()).runs).toEqual([]);
  });

  it('paths in the address', async () => {
    for (const path of ['/../package.json', '/api/runs/..%2F..%2Fetc/files/model', '/main.tsx']) {
      expect((await ask(path)).status).toBeGreaterThanOrEqual(400);
    }
  });

  const kan = (options: Record<string, string>) => ({
    networks: [small, { kind: 'kan', options }],
  });
  it.each<[string, string, Parameters<typeof request>[2]]>([
    ['a value that a network does not take', 'networks.1.grid', kan({ grid: '0' })],
    ['what is no number', 'networks.1.grid', kan({ grid: 'many' })],
    ['one of a list', 'networks.1.layers', kan({ layers: '8,0' })],
    ['a value of the training', 'learningRate', { training: { learningRate: '-1' } }],
    ['one of a list of the training', 'loss.fftSizes', { training: { 'loss.fftSizes': '256,3' } }],
    ['a seed', 'seed', { seed: 'luck' }],
    [
      'a stretch that is too short for the loss',
      'clip',
      { stretch: { offset: 0, samples: 100, sampleRate: 8000, channel: 'mix' } },
    ],
  ])('%s, by the field of the form', async (_, field, change) => {
    const { id } = await bring();
    const response = await post('/api/learn', request(id, 5, change));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field } });
    expect((await snapshot()).runs).toEqual([]);
  });
});

describe('a run', () => {
  it('is what the command line makes, and says how', async () => {
    const { id } = await bring();
    const response = await post('/api/learn', request(id, 12));
    const { ids } = (await response.json()) as { ids: [string] };
    const run = await untilStatus(ids[0], 'done');
    expect(run).toMatchObject({ kind: 'kan', samples: 1500, course: { step: 12, steps: 12 } });
    const folder = join(opened.folder, ids[0]);
    expect((await readdir(folder)).sort()).toEqual(
      ['config.json', 'metrics.json', 'metrics.jsonl', 'model.safetensors']
        .concat(['original.wav', 'reconstruction.wav', 'report.html'])
        .sort(),
    );
    expect(run.command).toMatch(/^fewsound fit \S*two-tones\.wav --model=kan --recipe=paper /);
    expect(run.command).toContain('--layers=8,4 --grid=4');
    expect(run.program).toContain(
      "fit(clip, { recipe: 'paper', loss: { fftSizes: [256], mels: 20 }, steps: 12, network: { layers: [8, 4], grid: 4, seed: 3 } })",
    );
    const schedule = { networks: [{ kind: 'kan', recipe: 'quick', options: {} }] };
    const typed = { training: { 'schedule.decay': '0.5', 'loss.fftSizes': '256' } };
    const [other] = await client.learn(request(id, 1, { ...schedule, ...typed }));
    expect((await untilStatus(other, 'learning', 'writing', 'done')).program).toContain(
      "schedule: { kind: 'warmupStableDecay', decay: 0.5 }",
    );
    await post(`/api/runs/${other}/remove`, '{}');
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ modelOptions: { layers: [8, 4] }, training: { steps: 12 } });
  });

  test('is by a recipe of the network that is chosen', () => {
    const { forms, programOf } = fitCommandFor({} as CommandContext);
    const offered = forms.networks.map(({ kind, recipes, usualRecipe }) => [
      ...[kind, usualRecipe],
      ...recipes.map(({ name }) => name),
    ]);
    expect(offered).toEqual([
      ['kan', 'quick', 'paper', 'quick', 'best', 'transparent'],
      ['nerf', undefined],
      ['siren', undefined],
      ['rff', undefined],
      ['finer', 'quick', 'paper', 'quick', 'best'],
      ['wire', undefined],
    ]);
    const program = programOf({
      ...{ audio: 'a.wav', kind: 'finer', recipe: 'best', network: {}, training: {} },
      stretch: { samples: 1500, sampleRate: 8000, offset: 0, channel: 'mix' },
    });
    expect(program).toContain("fit(clip, { kind: 'finer', recipe: 'best', network: { seed: 0 } })");
  });

  test('says rules as its program takes them', () => {
    const { programOf } = fitCommandFor({} as CommandContext);
    const asked = {
      ...{ audio: 'a.wav', kind: 'kan', training: {} },
      stretch: { samples: 1500, sampleRate: 8000, offset: 0, channel: 'mix' },
      network: { encodingFrequencies: 'geometric:1:375:7', envelope: '54:0.5' },
    } as const;
    const rule = "{ kind: 'geometric', from: 1, to: 375, count: 7 }";
    expect(programOf({ ...asked, recipe: 'quick' })).toContain(`encodingFrequencies: ${rule}`);
    const alone = programOf({ ...asked, recipe: undefined });
    expect(alone).toContain(`encodingFrequencies: encodingFrequencies(${rule}, clip)`);
    expect(alone).toMatch(/^import \{ .*\bencodingFrequencies\b.* \} from 'fewsound';/);
    const envelope = '{ points: 54, power: 0.5 }';
    expect(programOf({ ...asked, recipe: 'quick' })).toContain(`envelope: ${envelope}`);
    expect(alone).toContain(`envelope: amplitudeEnvelope(${envelope}, clip)`);
    expect(alone).toMatch(/^import \{ .*\bamplitudeEnvelope, encodingFrequencies\b/);
  });

  it('sounds on the page as it does in its file, and between its samples as the network', async () => {
    const [id] = (await snapshot()).runs.map((run) => run.id) as [string];
    const samples = new Float32Array(await (await ask(`/api/runs/${id}/present`)).arrayBuffer());
    const file = await readAudio(join(opened.folder, id, 'reconstruction.wav'));
    expect(samples).toEqual(file.channels[0]);
    const close = '/render?from=0.05&to=0.06&sampleRate=96000';
    const rendered = new Float32Array(await (await ask(`/api/runs/${id}${close}`)).arrayBuffer());
    using network = await load(join(opened.folder, id, 'model.safetensors'));
    expect(rendered).toEqual(
      (network as import('../../lib/nn').Inr).render({ from: 0.05, to: 0.06, sampleRate: 96_000 }),
    );
  });

  it('is paused, goes on where it was, and keeps what it has when it is stopped', async () => {
    const { id: recording } = await bring();
    const { ids } = (await (await post('/api/learn', request(recording, 100_000))).json()) as {
      ids: [string];
    };
    const [id] = ids;
    await untilStatus(id, 'learning');
    while ((await snapshot()).runs.find((run) => run.id === id)?.course === undefined);
    await post(`/api/runs/${id}/pause`, '{}');
    const { course } = await untilStatus(id, 'paused');
    expect(existsSync(join(opened.folder, id, 'checkpoints'))).toBe(true);
    // Of another process that fits it, it is not to be taken.
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    occupy(join(opened.folder, id), other.pid);
    for (const command of ['go-on', 'keep', 'remove']) {
      const response = await post(`/api/runs/${id}/${command}`, '{}');
      expect(await response.json()).toMatchObject({ error: { code: 'IO' } });
    }
    other.kill();
    await once(other, 'exit');
    await post(`/api/runs/${id}/keep`, '{}');
    const kept = await untilStatus(id, 'done');
    expect(kept.course?.step).toBeGreaterThanOrEqual(course?.step as number);
    expect(kept.course?.step).toBeLessThan(100_000);
    expect(existsSync(join(opened.folder, id, 'model.safetensors'))).toBe(true);
    // There is nothing more to keep.
    await post(`/api/runs/${id}/keep`, '{}');
    await untilStatus(id, 'done');
  });

  it('by a budget of seconds takes the steps that fit into it', async () => {
    const { id: recording } = await bring();
    const learn = request(recording, 1, { budget: { unit: 'seconds', amount: 1 } });
    const { ids } = (await (await post('/api/learn', learn)).json()) as { ids: [string] };
    const { course, command } = await untilStatus(ids[0], 'done');
    expect(course?.step).toBe(course?.steps);
    // As many as this machine takes in a second; the usual ones are 1000.
    expect(command).toContain(`--steps=${course?.steps}`);
  });

  it('of an earlier day is opened again', async () => {
    const [first] = (await snapshot()).runs as readonly RunState[] as [RunState];
    await post(`/api/runs/${first.id}/remove`, '{}');
    const { runs, earlier } = await snapshot();
    expect(runs.some(({ id }) => id === first.id)).toBe(false);
    expect(earlier.map(({ id }) => id)).toContain(first.id);
    expect((await post(`/api/earlier/${first.id}/open`, '{}')).status).toBe(200);
    const again = (await snapshot()).runs.find(({ id }) => id === first.id);
    expect(again).toMatchObject({ status: 'done', samples: 1500, metrics: first.metrics });
    expect(again?.curve.step.length).toBeGreaterThan(1);
  });

  it('hands out its files, and a report that cannot reach the studio', async () => {
    const [first] = (await snapshot()).runs as readonly RunState[] as [RunState];
    const report = await ask(`/api/runs/${first.id}/files/report`);
    expect(await report.text()).toContain('<!doctype html>');
    expect(report.headers.get('content-security-policy')).toMatch(/^sandbox allow-scripts/);
    const model = await ask(`/api/runs/${first.id}/files/model`);
    expect(model.headers.get('content-disposition')).toMatch(/^attachment/);
    expect((await ask(`/api/runs/${first.id}/files/constructor`)).status).toBe(422);
  });

  it('closes a file that is not fetched to its end', async () => {
    const [first] = (await snapshot()).runs as readonly RunState[] as [RunState];
    const path = join(opened.folder, first.id, 'model.safetensors');
    await truncate(path, 2 ** 26);
    const open = async () => {
      const files = await readdir('/proc/self/fd').catch(() => []);
      const links = files.map((file) => readlink(`/proc/self/fd/${file}`).catch(() => ''));
      return (await Promise.all(links)).includes(path);
    };
    const enough = new AbortController();
    await ask(`/api/runs/${first.id}/files/model`, { signal: enough.signal });
    enough.abort();
    while (await open()) await new Promise((done) => setTimeout(done, 20));
  });

  it('of pieces has one curve, and a sound between its samples', async () => {
    const audio = join(opened.folder, 'long.wav');
    await writeFile(audio, tones(5));
    const folder = join(opened.folder, 'long-kan');
    const enough = new AbortController();
    const nobody = { stdout: new PassThrough().resume(), stderr: new PassThrough().resume() };
    const args = ['fit', audio, '--samples', 'all', '--layers', '4', '--steps', '40'];
    const learned = runCli(
      [...args, '--fft-sizes', '256', '--checkpoint-every', '1', '--out', folder, '--quiet'],
      { ...nobody, signal: enough.signal },
    );
    while (!existsSync(join(folder, 'original.wav'))) {
      await new Promise((done) => setTimeout(done, 10));
    }
    enough.abort();
    await learned;
    expect((await post('/api/earlier/long-kan/open', '{}')).status).toBe(200);
    await untilStatus('long-kan', 'paused');
    await post('/api/runs/long-kan/go-on', '{}');
    await untilStatus('long-kan', 'learning');
    const run = await untilStatus('long-kan', 'done');
    const { curve, metrics } = (await snapshot()).runs.find(({ id }) => id === run.id) as Shown;
    expect(metrics).toHaveProperty('siSnr');
    expect(curve.step).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const rendered = await ask('/api/runs/long-kan/render?from=4&to=4.5&sampleRate=100');
    expect((await rendered.arrayBuffer()).byteLength).toBe(4 * 50);
  });
});
