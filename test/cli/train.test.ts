import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { occupy } from '../../lib/folder-lock';
import { loadHyperNetwork } from '../../lib/nn';
import { readMetricsLog, runFiles } from '../../lib/train';
import { lossesOf } from '../train/tiny-training';
import { type CliError, cli, cliJson } from './run-cli';
import { RATE, TINY_TRAINING, TrainingPlace } from './tiny-training';

let place: TrainingPlace;
beforeAll(async () => {
  place = await TrainingPlace.make();
});
afterAll(() => place.remove());

/** Stops a training as Ctrl-C does once it has made updates. */
async function interrupted(argv: readonly string[], out: string) {
  const controller = new AbortController();
  const watch = setInterval(() => {
    if (existsSync(runFiles(out).last)) controller.abort();
  }, 1);
  try {
    return await cliJson<CliError>(argv, controller.signal);
  } finally {
    clearInterval(watch);
  }
}

const long = { training: { ...TINY_TRAINING, epochs: 300 } };

describe('fewsound train', () => {
  test('writes a run and says what came of it', async () => {
    const out = place.fresh();
    const { status, json } = await cliJson(await place.argv(out));
    expect(status).toBe(0);
    const validation = {
      step: expect.any(Number),
      epoch: expect.any(Number),
      loss: expect.any(Number),
      metrics: { mse: expect.any(Number), psnr: expect.any(Number), lsd: expect.any(Number) },
    };
    expect(json).toMatchObject({
      run: out,
      name: 'tiny',
      model: 'fewsound',
      parameters: expect.any(Number),
      epochs: 4,
      steps: 16,
      loss: expect.any(Number),
      best: validation,
      validation: { ...validation, step: 16, epoch: 4 },
      seconds: expect.any(Number),
      device: 'cpu',
      processes: 1,
      report: join(out, 'report.html'),
    });
    const names = await readdir(out);
    expect(names).toEqual(
      expect.arrayContaining(['checkpoints', 'config.json', 'metrics.jsonl', 'train.json']),
    );
    const report = await readFile(join(out, 'report.html'), 'utf8');
    expect(report.match(/<audio/g)).toHaveLength(6);
    expect(report).toContain('weights written');
    for (const path of [runFiles(out).best, runFiles(out).last]) {
      using model = await loadHyperNetwork(path);
      expect(model.sampleRate).toBe(RATE);
    }
  });

  test('shows progress and a line for each validation, and a table at the end', async () => {
    const { status, stdout, stderr } = await cli(await place.argv(place.fresh()));
    expect(status).toBe(0);
    expect(stderr).toMatch(/epoch 4\/4 {2}step 16\/16 {2}loss \d.* recordings\/s {2}0:00 left/);
    expect(stderr.match(/^validation after epoch \d {2}loss .*MSE .*LSD .*SI-SNR/gm)).toHaveLength(
      4,
    );
    expect(stdout).toMatch(/^best, after epoch \d/m);
    expect(stdout).toContain('16 steps in 4 epochs');
    const quiet = await cli([...(await place.argv(place.fresh())), '--quiet']);
    expect(quiet.stderr).toBe('');
  });

  test('keeps a configuration that gives the same training again', async () => {
    const [first, second] = [place.fresh(), place.fresh()];
    const { seed: _, ...model } = JSON.parse(await readFile(await place.config(), 'utf8')).model;
    await cliJson(await place.argv(first, { model }));
    const again = ['train', join(first, 'train.json'), '--out', second, '--device', 'cpu'];
    expect((await cliJson(again)).status).toBe(0);
    const losses = async (out: string) => lossesOf(await readMetricsLog(runFiles(out).metrics));
    expect(await losses(second)).toEqual(await losses(first));
  });

  test('takes corpus, epochs and precision from the command line in place of the configuration', async () => {
    const out = place.fresh();
    const argv = await place.argv(out, { corpus: { prepared: '/nowhere' } });
    const { json } = await cliJson([...argv, '--corpus', place.corpus, '--epochs', '1']);
    expect(json).toMatchObject({ epochs: 1, steps: 4 });
    const kept = JSON.parse(await readFile(join(out, 'train.json'), 'utf8'));
    expect(kept).toMatchObject({ corpus: { prepared: place.corpus }, training: { epochs: 1 } });
  });

  test('trains HyperSound as well', async () => {
    const {
      universalKernel: _,
      warmupEpochs: __,
      ...model
    } = JSON.parse(await readFile(await place.config(), 'utf8')).model;
    const argv = await place.argv(place.fresh(), { model: { ...model, kind: 'hypersound' } });
    expect((await cliJson(argv)).json).toMatchObject({ model: 'hypersound', steps: 16 });
  });

  test('refuses a folder that holds a run, and touches nothing in it', async () => {
    const out = place.fresh();
    const argv = await place.argv(out);
    await cliJson(argv);
    const before = await readFile(join(out, 'train.json'));
    const { status, json } = await cliJson<CliError>([...argv, '--epochs', '9']);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'out' });
    expect(json.error.message).toContain(`--resume ${out}`);
    expect(await readFile(join(out, 'train.json'))).toEqual(before);
  });

  test('does not take a run that goes on for one that ended', async () => {
    const out = place.fresh();
    const argv = await place.argv(out);
    await cliJson(argv);
    await rm(runFiles(out).last);
    const before = await readFile(join(out, 'train.json'));
    using _other = occupy(out, process.ppid);
    for (const given of [argv, ['train', '--resume', out]]) {
      expect((await cliJson<CliError>(given)).json.error.code).toBe('IO');
    }
    // Of two that begin together the second finds nothing yet.
    await rm(runFiles(out).metrics);
    await rm(runFiles(out).config);
    const second = await cliJson<CliError>([...argv, '--epochs', '9']);
    expect(second.json.error.code).toBe('IO');
    expect(await readFile(join(out, 'train.json'))).toEqual(before);
  });
});

describe('fewsound train --resume', () => {
  test('goes on from Ctrl-C to what an uninterrupted training comes to', async () => {
    const parts = { training: { ...TINY_TRAINING, epochs: 12 } };
    const [whole, out] = [place.fresh(), place.fresh()];
    const expected = await cliJson(await place.argv(whole, parts));
    const stopped = await interrupted(await place.argv(out, parts), out);
    expect(stopped.status).toBe(130);
    expect(stopped.json.error.code).toBe('ABORTED');
    expect(stopped.json.error.message).toMatch(
      new RegExp(`after step \\d+\\. To resume: fewsound train --resume ${out}`),
    );
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('when it was stopped');
    const { status, json } = await cliJson(['train', '--resume', out, '--device', 'cpu']);
    expect(status).toBe(0);
    const { run: _, seconds: __, report: ___, ...same } = expected.json;
    expect(json).toMatchObject(same);
    using model = await loadHyperNetwork(runFiles(out).best);
    using uninterrupted = await loadHyperNetwork(runFiles(whole).best);
    for (const [name, tensor] of model.parameters()) {
      expect(tensor.data()).toEqual(uninterrupted.parameters().get(name)?.data());
    }
  });

  test('that diverges says so, and reports what there is', async () => {
    const out = place.fresh();
    const wild = { learningRate: 1e30, maxUpdate: 0 };
    const parts = { training: { ...TINY_TRAINING, ...wild, checkpointEvery: 1 } };
    const { status, json } = await cliJson<CliError>(await place.argv(out, parts));
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'DIVERGED', field: 'learningRate' });
    expect(json.error.message).toContain(`Its report so far: ${join(out, 'report.html')}`);
    expect(existsSync(join(out, 'report.html'))).toBe(true);
  });

  test('follows a corpus that has moved', async () => {
    const out = place.fresh();
    await interrupted(await place.argv(out, long), out);
    const moved = place.fresh();
    await rename(place.corpus, moved);
    try {
      const lost = await cliJson<CliError>(['train', '--resume', out]);
      expect(lost.json.error).toMatchObject({ code: 'FILE_NOT_FOUND' });
      const again = interrupted(['train', '--resume', out, '--corpus', moved], out);
      expect((await again).status).toBe(130);
      const kept = JSON.parse(await readFile(join(out, 'train.json'), 'utf8'));
      expect(kept.corpus.prepared).toBe(moved);
    } finally {
      await rename(moved, place.corpus);
    }
  });

  test('refuses what would change the course', async () => {
    const out = place.fresh();
    await interrupted(await place.argv(out, long), out);
    for (const argv of [
      ['--precision', 'bfloat16'],
      ['--out', place.fresh()],
      [await place.config()],
    ]) {
      const { status, json } = await cliJson<CliError>(['train', '--resume', out, ...argv]);
      expect({ status, code: json.error.code }).toEqual({ status: 2, code: 'USAGE' });
    }
    const before = await readFile(join(out, 'train.json'));
    const longer = await cliJson<CliError>(['train', '--resume', out, '--epochs', '400']);
    expect(longer.status).toBe(1);
    expect(longer.json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'epochs' });
    expect(await readFile(join(out, 'train.json'))).toEqual(before);
  });

  test('of a finished training says once more what came of it', async () => {
    const out = place.fresh();
    const { json } = await cliJson(await place.argv(out));
    const again = await cliJson(['train', '--resume', out]);
    expect(again.status).toBe(0);
    expect(again.json).toEqual(json);
  });

  test('needs the folder of a training that has a checkpoint', async () => {
    const nowhere = await cliJson<CliError>(['train', '--resume', '/nowhere/at-all']);
    expect(nowhere.status).toBe(1);
    expect(nowhere.json.error).toMatchObject({ code: 'FILE_NOT_FOUND' });
    const out = place.fresh();
    await cliJson(await place.argv(out));
    await rm(runFiles(out).last);
    const { json } = await cliJson<CliError>(['train', '--resume', out]);
    expect(json.error.code).toBe('FILE_NOT_FOUND');
    expect(json.error.message).toContain('no checkpoint');
  });
});
