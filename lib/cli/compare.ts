import { basename, extname, join, resolve } from 'node:path';
import { loadClip, writeWav } from '../audio/index.js';
import { writeFileAtomic } from '../native/atomic-write.js';
import { writeComparisonReport } from '../report/index.js';
import { kindName } from '../report/metric-names.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { CompareRequest } from './compare-command.js';
import { type Fitted, fitNetwork, makeNetwork } from './fitting.js';
import { comparisonText } from './metrics-text.js';
import { reportedModel, reportedRun } from './reported.js';
import { type FileWriter, RunFolder } from './run-folder.js';

/** Fits several networks to one recording and compares them. */
export async function compare(
  request: CompareRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, models, recording, training } = request;
  const clip = await loadClip(audio, {
    ...recording,
    samples: recording.samples as number,
    signal: context.signal,
  });
  // A mistake in the last network's options should not cost the training of the first.
  for (const [kind, options] of models) makeNetwork(kind, options, training).dispose();

  const fitted: Fitted[] = [];
  try {
    for (const [kind, modelOptions] of models) {
      const label = `${kindName(kind).padEnd(5)}  `;
      fitted.push(await fitNetwork({ kind, modelOptions, clip, training, label }, context));
    }
    const name = basename(audio, extname(audio));
    const folder = await RunFolder.open(request.out ?? join('fewsound-out', `${name}-comparison`));
    return await writeComparison(folder, request, clip, fitted);
  } finally {
    for (const { network } of fitted) network.dispose();
  }
}

async function writeComparison(
  folder: RunFolder,
  { audio, recording, training }: CompareRequest,
  clip: { readonly samples: Float32Array; readonly sampleRate: number },
  fitted: readonly Fitted[],
): Promise<CommandResult> {
  const { sampleRate, samples } = clip;
  const models = fitted.map(({ kind, network, result, metrics }) => ({
    model: kind,
    parameters: network.parameterCount,
    options: network.options,
    steps: result.steps,
    loss: result.loss,
    metrics,
    seconds: result.seconds,
    secondsPerStep: result.secondsPerStep,
  }));
  const { device, threads } = (fitted[0] as Fitted).result;
  const summary = { models, device, threads };
  const original = { samples, sampleRate, source: resolve(audio) };

  const files: Record<string, { name: string; write: FileWriter }> = {};
  const add = (role: string, name: string, write: FileWriter) => {
    files[role] = { name, write };
  };
  add('original', 'original.wav', (path) => writeWav(path, clip, { bitDepth: 32 }));
  for (const { kind, network, reconstruction } of fitted) {
    add(`${kind}Reconstruction`, `${kind}.wav`, (path) =>
      writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
    );
    add(`${kind}Model`, `${kind}.safetensors`, (path) => network.save(path));
  }
  add('report', 'report.html', (path) =>
    writeComparisonReport(path, {
      original,
      models: fitted.map(reportedModel),
      run: reportedRun(training, { device, threads }),
    }),
  );
  add('metrics', 'metrics.json', (path) => writeFileAtomic(path, prettyJson(summary)));
  add('config', 'config.json', (path) =>
    writeFileAtomic(path, prettyJson({ audio: original.source, recording, training })),
  );
  const written = await folder.write(files);
  return {
    json: { ...summary, files: written },
    text: `${comparisonText(models.map(({ model, ...rest }) => ({ kind: model, ...rest })))}\n\nResults in ${folder.path}; the report is ${written.report}`,
  };
}

const prettyJson = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;
