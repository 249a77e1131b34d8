import { basename, extname, join, resolve } from 'node:path';
import { type Clip, loadClip, writeWav } from '../audio/index.js';
import { writeFileAtomic } from '../native/atomic-write.js';
import { writeComparisonReport } from '../report/index.js';
import { kindName } from '../report/metric-names.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { CompareRequest } from './compare-command.js';
import { checkFitting, type Fitted, fitNetwork, summarise } from './fitting.js';
import { comparisonText } from './metrics-text.js';
import { reportedModel, reportedRun } from './reported.js';
import { prettyJson } from './run-config.js';
import { type FileWriter, RunFolder } from './run-folder.js';

/** Fits several networks to one recording and compares them. */
export async function compare(
  request: CompareRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, models, recording, training } = request;
  const clip = await loadClip(audio, { ...recording, signal: context.signal });
  // A mistake in the last network's options should not cost the training of the first.
  const fittings = [...models].map(([kind, modelOptions]) =>
    checkFitting({ kind, modelOptions, clip, inPieces: false, training }),
  );

  const fitted: Fitted[] = [];
  try {
    for (const fitting of fittings) {
      const label = `${kindName(fitting.kind).padEnd(5)}  `;
      fitted.push(await fitNetwork(fitting, context, { label }));
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
  clip: Clip,
  fitted: readonly Fitted[],
): Promise<CommandResult> {
  const { sampleRate, samples } = clip;
  const models = fitted.map(({ fitting, network, pieces, metrics }) => {
    const { steps, loss, seconds, secondsPerStep } = summarise(pieces);
    return {
      model: fitting.kind,
      parameters: network.parameterCount,
      options: fitting.resolvedModel,
      learningRate: fitting.resolvedTraining.learningRate,
      ...{ steps, loss, metrics, seconds, secondsPerStep },
    };
  });
  const { device, threads } = summarise((fitted[0] as Fitted).pieces);
  const summary = { models, device, threads };
  const original = { samples, sampleRate, source: resolve(audio) };
  // Rates are each network's own unless one was given.
  const { learningRate: _, ...common } = (fitted[0] as Fitted).fitting.resolvedTraining;

  const writers: Record<string, FileWriter> = {};
  const names: Record<string, string> = {};
  const add = (role: string, name: string, write: FileWriter) => {
    writers[role] = write;
    names[role] = name;
  };
  add('original', 'original.wav', (path) => writeWav(path, clip, { bitDepth: 32 }));
  for (const { fitting, network, reconstruction } of fitted) {
    const { kind } = fitting;
    add(`${kind}Reconstruction`, `${kind}.wav`, (path) =>
      writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
    );
    add(`${kind}Model`, `${kind}.safetensors`, (path) => network.save(path));
  }
  add('report', 'report.html', (path) =>
    writeComparisonReport(path, {
      original,
      models: fitted.map((each) => {
        const model = reportedModel(each);
        const { learningRate } = each.fitting.resolvedTraining;
        return { ...model, options: { ...model.options, learningRate } };
      }),
      run: reportedRun(common, { device, threads }),
    }),
  );
  add('metrics', 'metrics.json', (path) => writeFileAtomic(path, prettyJson(summary)));
  add('config', 'config.json', (path) =>
    writeFileAtomic(path, prettyJson({ audio: original.source, recording, training, models })),
  );
  const files = await folder.write(writers, names);
  const rows = models.map(({ model, ...rest }) => ({ kind: model, ...rest }));
  return {
    json: { ...summary, files },
    text: `${comparisonText(rows)}\n\nResults in ${folder.path}; the report is ${files.report}`,
  };
}
