import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addon } from '../../lib/addon/addon';
import { runFiles } from '../../lib/train';
import { type CliError, cli, cliJson } from './run-cli';
import { TrainingPlace } from './tiny-training';

let place: TrainingPlace;
let model: string;
const { XDG_CACHE_HOME } = process.env;
beforeAll(async () => {
  place = await TrainingPlace.make();
  addon(); // found where it is now
  process.env.XDG_CACHE_HOME = join(place.folder, 'cache');
  const run = place.fresh();
  await cliJson(await place.argv(run));
  model = runFiles(run).best;
});
afterAll(async () => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  await place.remove();
});

const kept = () => join(place.folder, 'cache', 'fewsound', 'demo-model.safetensors');
const out = (name: string) => join(place.folder, `${name}.safetensors`);

test('without one, encode asks for a model or a set-up', async () => {
  const { json } = await cliJson<CliError>(['encode', place.recording, '--out', out('none')]);
  expect(json.error).toMatchObject({ code: 'NOT_SET_UP', field: 'model' });
  expect(existsSync(out('none'))).toBe(false);
});

test('what is no model that writes networks is not kept', async () => {
  const short = out('short');
  await writeFile(short, (await readFile(model)).subarray(0, -5));
  for (const [from, code] of [
    [short, 'FILE_FORMAT'],
    [out('missing'), 'FILE_NOT_FOUND'],
  ] as const) {
    const { json } = await cliJson<CliError>(['setup', 'demo-model', '--from', from]);
    expect(json.error.code).toBe(code);
    expect(existsSync(kept())).toBe(false);
  }
});

test('encode takes it where no model is named, and says so', async () => {
  const { json } = await cliJson(['setup', 'demo-model', '--from', model]);
  expect(json).toEqual({ installed: true, demoModel: { path: kept() } });
  const run = await cli(['encode', place.recording, '--out', out('demo')]);
  expect(run.status).toBe(0);
  expect(run.stderr).toContain(kept());
  await cli(['encode', model, place.recording, '--out', out('named')]);
  expect(await readFile(out('demo'))).toEqual(await readFile(out('named')));
});
