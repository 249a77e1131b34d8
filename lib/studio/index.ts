import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { SplineEdge } from '../analysis/index.js';
import { FewSoundError } from '../errors.js';
import { parseOptions } from '../options.js';
import type { RunFile, StudioCommands } from './commands.js';
import { lookInside, renderWithout } from './inside.js';
import { renderKept } from './kept-model.js';
import { MODEL_LIMIT, Models } from './models.js';
import type { LearnRequest, RunState, Snapshot } from './protocol.js';
import { Recordings } from './recordings.js';
import { Run, type Tell } from './run.js';
import { Runs } from './runs.js';
import { type Routes, StudioServer, UPLOAD_LIMIT } from './server.js';
import type { WatchFits } from './watch.js';

export type {
  AnalyzeCommand,
  FitCommand,
  FitRequest,
  StudioCommands,
} from './commands.js';
export type { FormField, Forms } from './protocol.js';
export type { FitWatcher, WatchFits } from './watch.js';

/** How to open a studio. */
export interface StudioOptions {
  /** 0, the default, for any that is free. */
  readonly port?: number | undefined;
  readonly version: string;
}

/** A page that is served. */
export interface Studio {
  /** With the token that opens it. */
  readonly address: string;
  close(): Promise<void>;
}

const text = z.string().max(4000);
const texts = z.record(z.string().max(100), text);
const stretchSchema = z.object({
  offset: z.number().gte(0),
  samples: z.number().int().gte(1),
  sampleRate: z.number().int().gte(1),
  channel: z.union([z.number().int().gte(0), z.literal('mix')]),
});
const learnSchema = z.object({
  recording: text,
  stretch: stretchSchema,
  networks: z.array(z.object({ kind: text, recipe: text.optional(), options: texts })),
  training: texts,
  seed: text,
  device: text,
  budget: z
    .object({
      unit: z.enum(['steps', 'seconds']),
      amount: z.number().int().gte(1).lte(100_000_000),
    })
    .optional(),
});
const number = (query: URLSearchParams, name: string) => Number(query.get(name) ?? Number.NaN);

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  jsonl: 'application/jsonl',
  wav: 'audio/wav',
  safetensors: 'application/octet-stream',
};

/**
 * Opens a studio: a page on this machine where networks learn sounds.
 *
 * @param folder for its runs, and for what is brought to it
 * @param audio recordings that it begins with
 * @throws FewSoundError for a recording that cannot be read; IO where the port is taken
 */
export async function openStudio(
  { fits, analyze }: StudioCommands,
  folder: string,
  audio: readonly string[],
  options: StudioOptions,
): Promise<Studio> {
  const recordings = new Recordings(join(folder, 'recordings'));
  const first: { id: string; name: string }[] = [];
  for (const path of audio) first.push(await recordings.open(path));
  const tell: Tell = (name, value) => server.listeners.tell(name, value);
  const models = new Models(join(folder, 'models'), analyze);
  const runs = new Runs(folder, fits, recordings, tell);
  const done = { json: { ok: true } };
  const server = makeServer(
    runs,
    {
      'POST /api/recordings': async ({ query, bytes }) => {
        const name = query.get('name') || 'recording';
        const { id, ...shape } = await recordings.bring(basename(name), await bytes(UPLOAD_LIMIT));
        tell('recording', { id, name: shape.name });
        return { json: { id, ...shape } };
      },
      'GET /api/recordings/:': async ({ parts: [id = ''] }) => ({
        json: await recordings.shape(id),
      }),
      'GET /api/recordings/:/clip': async ({ parts: [id = ''], query }) => {
        const channel = query.get('channel') ?? 'mix';
        const stretch = parseOptions(
          stretchSchema,
          {
            offset: number(query, 'offset'),
            samples: number(query, 'samples'),
            sampleRate: number(query, 'sampleRate'),
            channel: channel === 'mix' ? channel : Number(channel),
          },
          'the stretch',
        );
        return { samples: (await recordings.clip(id, stretch)).samples };
      },
      'POST /api/models': async ({ query, bytes }) => {
        const name = basename(query.get('name') || 'model');
        const recording = query.get('recording');
        const path = recording === null ? undefined : recordings.path(recording);
        const facts = await models.bring(name, await bytes(MODEL_LIMIT), path);
        tell('model', facts);
        return { json: facts };
      },
      'GET /api/models/:/:': ({ parts: [id = '', analysis = ''] }) => ({
        file: models.report(id, analysis),
        type: TYPES.html as string,
      }),
      'POST /api/learn': async ({ json }) => {
        const request = parseOptions(learnSchema, await json(), 'what to learn');
        return { json: { ids: await runs.learn(request as LearnRequest) } };
      },
      'POST /api/runs/:/pause': async ({ parts: [id = ''] }) => {
        await runs.pause(id);
        return done;
      },
      'POST /api/runs/:/go-on': ({ parts: [id = ''] }) => {
        runs.goOn(id);
        return done;
      },
      'POST /api/runs/:/keep': ({ parts: [id = ''] }) => {
        runs.keep(id);
        return done;
      },
      'POST /api/runs/:/remove': async ({ parts: [id = ''] }) => {
        await runs.remove(id);
        return done;
      },
      'POST /api/earlier/:/open': async ({ parts: [id = ''] }) => {
        await runs.open(id);
        return done;
      },
      'GET /api/runs/:/files/:': ({ parts: [id = '', role = ''] }) => {
        if (!Object.hasOwn(fits.files, role)) throw missing();
        const name = fits.files[role as RunFile];
        const type = TYPES[name.split('.').at(-1) as string] as string;
        const file = runs.file(id, role as RunFile);
        return role === 'report' ? { file, type } : { file, type, name: `${id}-${name}` };
      },
      'GET /api/runs/:/render': async ({ parts: [id = ''], query }) => {
        const request = {
          from: number(query, 'from'),
          to: number(query, 'to'),
          sampleRate: number(query, 'sampleRate'),
        };
        return { samples: await renderKept(runs.file(id, 'model'), request) };
      },
    },
    () => ({
      version: options.version,
      forms: fits.forms,
      recordings: recordings.list,
      runs: runs.list.map((run) => run.withCurve),
      earlier: runs.earlier,
      models: models.list,
      uploadLimit: UPLOAD_LIMIT,
      atOnce: runs.atOnce,
    }),
  );
  const address = await server.listen(options.port ?? 0);
  return {
    address,
    async close() {
      await runs.close();
      await server.close();
    },
  };
}

/** A page that watches what another command fits. */
export async function openWatch(
  recording: string,
  options: StudioOptions,
): Promise<Studio & { watch: WatchFits }> {
  const runs = new Map<string, Run>();
  const tell: Tell = (name, value) => server.listeners.tell(name, value);
  const watched = {
    list: runs,
    run(id: string): Run {
      const run = runs.get(id);
      if (run === undefined) throw missing();
      return run;
    },
  };
  const server = makeServer(watched, {}, () => ({
    version: options.version,
    recordings: [],
    runs: [...runs.values()].map((run) => run.withCurve),
    earlier: [],
    models: [],
    uploadLimit: 0,
    atOnce: 1,
  }));
  const address = await server.listen(options.port ?? 0);
  return {
    address,
    watch: (fit) => {
      const id = String(runs.size + 1);
      const date = new Date().toISOString();
      const { kind, label } = fit;
      const run = new Run({ id, kind, label, recording, date, ours: false }, tell);
      runs.set(id, run);
      const watcher = run.begin(fit);
      return {
        ...watcher,
        learned(...what) {
          watcher.learned(...what);
          run.change({ status: 'done' } satisfies Partial<RunState>);
        },
      };
    },
    async close() {
      await server.close();
      for (const run of runs.values()) run.dispose();
    },
  };
}

/** What every page has: the events, and the sounds of runs. */
function makeServer(
  runs: { run(id: string): Run },
  routes: Routes,
  snapshot: () => Snapshot,
): StudioServer {
  const sound = (samples: Float32Array | undefined, version = 0) => {
    if (samples === undefined) throw missing();
    return { samples, version };
  };
  return new StudioServer(
    {
      'GET /events': () => ({ listen: true }),
      'GET /api/runs/:/original': ({ parts: [id = ''] }) => sound(runs.run(id).original),
      'GET /api/runs/:/present': ({ parts: [id = ''] }) => {
        const { present, presentStep } = runs.run(id);
        return sound(present, presentStep);
      },
      'GET /api/runs/:/inside': async ({ parts: [id = ''], query }) => {
        const run = runs.run(id);
        const [layer, output, input] = ['layer', 'output', 'input'].map((name) =>
          number(query, name),
        ) as [number, number, number];
        const network = await run.network();
        const { samples = 1, status } = run.state;
        const state = status === 'learning' ? 'learns' : 'rests';
        return { json: lookInside(network, samples, { layer, output, input }, state) };
      },
      'GET /api/runs/:/without': async ({ parts: [id = ''], query }) => {
        const run = runs.run(id);
        const edges = (query.get('edges') ?? '').split(',').map((edge): SplineEdge => {
          const [layer = -1, output = -1, input = -1] = edge.split('.').map(Number);
          return { layer, output, input };
        });
        return sound(renderWithout(await run.network(), run.state.samples ?? 1, edges));
      },
      ...routes,
    },
    snapshot,
    pageFolder(),
  );
}

/** The page's program, beside this one; where Jest runs the sources, that of the build. */
function pageFolder(): string {
  const beside = join(__dirname, 'page');
  return existsSync(join(beside, 'main.js')) ? beside : join(__dirname, '../../dist/studio/page');
}

const missing = () => new FewSoundError('FILE_NOT_FOUND', 'There is nothing here yet.');
