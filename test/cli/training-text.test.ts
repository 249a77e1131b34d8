import { mkdir, writeFile } from 'node:fs/promises';
import { trainingText } from '../../lib/cli/commands/train';
import { readOutcome } from '../../lib/cli/runs/training';
import { runFiles } from '../../lib/train';
import { temporaryFolder } from '../nn/temporary-folder';

const at = temporaryFolder();

test('what a training warned of stands in its result', async () => {
  const files = runFiles(at('run'));
  await mkdir(files.folder);
  const place = { step: 3, epoch: 1, seconds: 2 };
  const message = 'the networks that the model writes are constant';
  const records = [
    { kind: 'validation', ...place, loss: 0.5, mse: 0.25 },
    { kind: 'warning', ...place, code: 'CONSTANT_OUTPUT', message },
  ];
  await writeFile(files.metrics, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const outcome = await readOutcome(files);
  expect(outcome).toMatchObject({ steps: 3, epochs: 1, best: { loss: 0.5 }, warnings: [message] });
  const run = {
    ...{ files, title: 'tiny', device: 'cpu', processes: 1 },
    model: { kind: 'fewsound', parameters: 12 },
  } as unknown as Parameters<typeof trainingText>[0];
  const { json, text } = trainingText(run, outcome);
  expect(json).toMatchObject({ warnings: [message] });
  expect(text).toContain(`Warning: ${message}`);
  const calm = trainingText(run, { ...outcome, warnings: [] });
  expect(calm.json).not.toHaveProperty('warnings');
  expect(calm.text).not.toContain('Warning');
});
