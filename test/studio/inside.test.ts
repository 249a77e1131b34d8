import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { edgeFunction, type SplineEdge, switchOffEdges } from '../../lib/analysis';
import { KAN, load } from '../../lib/nn';
import type { InsideView, ModelFacts } from '../../lib/studio/protocol';
import { Run } from '../../lib/studio/run';
import { fewSoundOfFewWeights } from '../analysis/few-sound-of-few-weights';
import { Client, request } from './client';
import { openInFolder } from './open-studio';

let opened: Awaited<ReturnType<typeof openInFolder>>;
let client: Client;

beforeAll(async () => {
  opened = await openInFolder();
  client = await Client.of(opened.studio.address);
});
afterAll(() => opened.close());

describe('inside a KAN', () => {
  let id: string;
  const edge = { layer: 1, output: 2, input: 5 };
  const look = async (place: Partial<SplineEdge>): Promise<Response> => {
    const query = new URLSearchParams(place as Record<string, string>);
    return client.ask(`/api/runs/${id}/inside?${query}`);
  };
  const view = async () => (await (await look(edge)).json()) as InsideView;

  it('while it learns there is what it is at that moment', async () => {
    const { id: recording } = await client.bring();
    [id] = await client.learn(request(recording, 100_000));
    await client.untilStatus(id, 'learning');
    while ((await client.snapshot()).runs[0]?.course === undefined);
    const before = await view();
    expect(before.layers.map(({ outputs }) => outputs)).toEqual([8, 4, 1]);
    expect(before.deviations).toHaveLength(32);
    const steps = async () => (await client.snapshot()).runs[0]?.course?.step as number;
    const first = await steps();
    while ((await steps()) < first + 20) await new Promise((done) => setTimeout(done, 50));
    expect((await view()).curve).not.toEqual(before.curve);
    await client.post(`/api/runs/${id}/keep`, '{}');
    await client.untilStatus(id, 'done');
  });

  it('afterwards there is what is in its file', async () => {
    using kan = (await load(join(opened.folder, id, 'model.safetensors'))) as KAN;
    const { curve = [], edge: found } = await view();
    const { from = 0, to = 0, bars = [] } = found ?? {};
    expect(bars.reduce((sum, count) => sum + count, 0)).toBe(1500);
    const places = curve.map((_, i) => from + (i / (curve.length - 1)) * (to - from));
    const exact = edgeFunction(kan, edge, places);
    for (const [i, value] of curve.entries()) {
      // Four digits are sent.
      expect(Math.abs(value - (exact[i] as number))).toBeLessThan(1e-3 * Math.abs(value) + 1e-9);
    }
    const response = await client.ask(`/api/runs/${id}/without?edges=1.2.5,0.7.0`);
    switchOffEdges(kan, [edge, { layer: 0, output: 7, input: 0 }]);
    expect(new Float32Array(await response.arrayBuffer())).toEqual(kan.render(1500));
  });

  it('so there is of a run of an earlier day', async () => {
    const before = await view();
    await client.post(`/api/runs/${id}/remove`, '{}');
    await client.post(`/api/earlier/${id}/open`, '{}');
    expect(await view()).toEqual(before);
  });

  it('no edge that there is not, and none of another network', async () => {
    expect((await look({ ...edge, output: 4 })).status).toBe(422);
    expect((await look({})).status).toBe(422);
    expect((await client.ask(`/api/runs/${id}/without?edges=x`)).status).toBe(422);
    const { id: recording } = await client.bring();
    const networks = [{ kind: 'siren', options: { layers: '6' } }];
    const [siren] = await client.learn(request(recording, 3, { networks }));
    await client.untilStatus(siren, 'done');
    const found = await client.ask(`/api/runs/${siren}/inside?layer=0&output=0&input=0`);
    expect(await found.json()).toEqual({ layers: [] });
    expect((await client.ask(`/api/runs/${siren}/without?edges=0.0.0`)).status).toBe(422);
  });
});

describe('a model that is brought', () => {
  const bring = (name: string, bytes: Uint8Array, recording?: string) => {
    const query = new URLSearchParams({ name, ...(recording !== undefined && { recording }) });
    return client.post(`/api/models?${query}`, Buffer.from(bytes));
  };
  const saved = async (model: { save(path: string): Promise<void> }): Promise<Uint8Array> => {
    const path = join(opened.folder, 'saved.safetensors');
    await model.save(path);
    return readFile(path);
  };

  it('is what `fewsound analyze` makes of it', async () => {
    using model = fewSoundOfFewWeights();
    const { id: recording } = await client.bring();
    const response = await bring('few sound.safetensors', await saved(model), recording);
    const facts = (await response.json()) as ModelFacts;
    expect(facts).toMatchObject({ name: 'few-sound.safetensors', remarks: [] });
    expect(facts.analyses.map(({ analysis }) => analysis)).toEqual([
      'geometry',
      'wigner',
      'spectra',
    ]);
    expect((await client.snapshot()).models).toEqual([facts]);
    for (const { analysis } of facts.analyses) {
      const report = await client.ask(`/api/models/${facts.id}/${analysis}`);
      expect(await report.text()).toContain('<!doctype html>');
      expect(report.headers.get('content-security-policy')).toMatch(/^sandbox allow-scripts/);
    }
  });

  it('and reads no waveform says so', async () => {
    using kan = new KAN({ layers: [3] });
    const facts = (await (await bring('kan.safetensors', await saved(kan))).json()) as ModelFacts;
    expect(facts.analyses.map(({ analysis }) => analysis)).toEqual(['geometry']);
    expect(facts.remarks).toHaveLength(1);
    expect((await client.ask(`/api/models/${facts.id}/wigner`)).status).toBe(422);
  });

  it('and is none is refused, and nothing of it is kept', async () => {
    const kept = await readdir(join(opened.folder, 'models'));
    const response = await bring('../letter.pth', Buffer.from('Dear reader'));
    expect(response.status).toBe(422);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('FILE_FORMAT');
    expect(error.message).not.toContain(opened.folder);
    expect(await readdir(join(opened.folder, 'models'))).toEqual(kept);
  });

  it('and is too large is refused before it is read', async () => {
    const headers = { cookie: client.cookie, origin: client.origin, 'content-length': 2e8 };
    const status = await new Promise((done, failed) => {
      const sent = httpRequest(
        `${client.origin}/api/models`,
        { method: 'POST', headers },
        (got) => {
          got.resume();
          done(got.statusCode);
          sent.destroy();
        },
      ).on('error', failed);
      sent.flushHeaders();
    });
    expect(status).toBe(413);
  });
});

test('a network that is loaded while its run is put away is not kept', async () => {
  const identity = { id: 'a', kind: 'kan', label: 'KAN', recording: 'a.wav', date: '', ours: true };
  const run = new Run(identity, () => {}, 'done');
  const loaded = new KAN({ layers: [2], grid: 2, order: 1 });
  const freed = jest.spyOn(loaded, 'dispose');
  const rest = { original: undefined, present: undefined, curve: [], course: undefined };
  const network = async () => {
    run.dispose();
    return loaded;
  };
  run.recall({ ...rest, network });
  await expect(run.network()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(freed).toHaveBeenCalled();
});
