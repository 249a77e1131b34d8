import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { readAudio } from '../../lib/audio';
import { load } from '../../lib/nn';
import type { LearnRequest, RecordingShape, RunState, Snapshot } from '../../lib/studio/protocol';
import { openInFolder, tones } from './open-studio';

let opened: Awaited<ReturnType<typeof openInFolder>>;
let origin: string;
let cookie: string;

beforeAll(async () => {
  opened = await openInFolder();
  const { address } = opened.studio;
  ({ origin } = new URL(address));
  const greeted = await fetch(address, { redirect: 'manual' });
  expect(greeted.status).toBe(303);
  cookie = (greeted.headers.get('set-cookie') as string).split(';')[0] as string;
});
afterAll(() => opened.close());

const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${origin}${path}`, { ...init, headers: { cookie, ...init.headers } });
const post = async (
  path: string,
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = { origin },
) => ask(path, { method: 'POST', body, headers });

/** What a page is told first. */
async function snapshot(): Promise<Snapshot> {
  const response = await ask('/events');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (!text.includes('\n\n', text.indexOf('data:'))) {
    text += Buffer.from((await reader.read()).value as Uint8Array).toString();
  }
  await reader.cancel();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] as string) as Snapshot;
}

async function untilStatus(id: string, ...wanted: RunState['status'][]): Promise<RunState> {
  for (;;) {
    const run = (await snapshot()).runs.find((each) => each.id === id);
    if (run !== undefined && wanted.includes(run.status)) return run;
    if (run?.status === 'failed') throw new Error(run.error);
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function bring(): Promise<RecordingShape> {
  const response = await post('/api/recordings?name=two%20tones.wav', Buffer.from(tones()));
  expect(response.status).toBe(200);
  return (await response.json()) as RecordingShape;
}

const small = { kind: 'kan', recipe: 'paper', options: { layers: '8,4', grid: '4' } };

function request(recording: string, steps: number, change: Partial<LearnRequest> = {}) {
  return JSON.stringify({
    recording,
    stretch: { offset: 0.05, samples: 1500, sampleRate: 8000, channel: 'mix' },
    networks: [small],
    training: { 'loss.fftSizes': '256', 'loss.mels': '20' },
    ...{ seed: '3', device: 'cpu', budget: { unit: 'steps', amount: steps } },
    ...change,
  } satisfies LearnRequest);
}

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
      get(origin, { headers: { cookie, host: 'evil.example' } }, (response) => {
        response.resume();
        done(response.statusCode);
      }).on('error', failed);
    });
    expect(status).toBe(403);
  });

  it('the page asks no other server, and no other page shows it', async () => {
    const policy = (await ask('/')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
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

  it('a value that an option does not take, by name, where the run is shown', async () => {
    const { id } = await bring();
    const learn = request(id, 5, { networks: [{ kind: 'kan', options: { grid: '0' } }] });
    const { ids } = (await (await post('/api/learn', learn)).json()) as { ids: [string] };
    await expect(untilStatus(ids[0], 'done')).rejects.toThrow(
      /grid is 0\. Expected a whole number/,
    );
    await post(`/api/runs/${ids[0]}/remove`, '{}');
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
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ modelOptions: { layers: [8, 4] }, training: { steps: 12 } });
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
    await post(`/api/runs/${id}/keep`, '{}');
    const kept = await untilStatus(id, 'done');
    expect(kept.course?.step).toBeGreaterThanOrEqual(course?.step as number);
    expect(kept.course?.step).toBeLessThan(100_000);
    expect(existsSync(join(opened.folder, id, 'model.safetensors'))).toBe(true);
  });

  it('by a budget of seconds takes the steps that fit into it', async () => {
    const { id: recording } = await bring();
    const learn = request(recording, 1, { budget: { unit: 'seconds', amount: 1 } });
    const { ids } = (await (await post('/api/learn', learn)).json()) as { ids: [string] };
    const { course } = await untilStatus(ids[0], 'done');
    expect(course?.step).toBe(course?.steps);
    expect(course?.steps).toBeGreaterThan(5);
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
});
