import { resolve } from 'node:path';
import { type Clip, loadClip, writeWav } from '../../audio/index.js';
import { writeFileAtomic } from '../../files.js';
import { YARDSTICK } from '../../report/comparison-table.js';
import { writeComparisonReport } from '../../report/index.js';
import type { CommandContext, CommandResult } from '../command.js';
import { announce } from '../terminal/announce.js';
import { comparisonText } from '../terminal/metrics.js';
import { type Comparison, type Contender, labelOf } from './comparison.js';
import {
  checkFitting,
  type Fitted,
  fitNetwork,
  reportedModel,
  reportedRun,
  summarize,
} from './fitting.js';
import { type FileWriter, prettyJson, RunFolder } from './folder.js';
import { measureYardstick, type Yardstick, yardstickJson } from './yardstick.js';

/** Fits several networks to one recording and compares them. */
export async function compareRecording(
  comparison: Comparison,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, recording } = comparison;
  const clip = await loadClip(audio, { ...recording, signal: context.signal });
  const { contenders } = comparison;
  // A mistake in the last network's options should not cost the training of the first.
  const fittings = contenders.map((each) => checkFitting({ ...each, clip, inPieces: false }));
  const folder = await RunFolder.open(comparison.out);
  announce(
    context,
    `${resolve(comparison.out)}: report.html, and of each network a wav file and a model`,
    'what was fitted until then is not kept',
  );
  const fitted: Fitted[] = [];
  try {
    for (const [index, fitting] of fittings.entries()) {
      const label = `${labelOf(contenders[index] as Contender, contenders)}  `;
      fitted.push(await fitNetwork(fitting, context, { label }));
    }
    const numbers = Math.max(...fitted.map(({ network }) => network.parameterCount));
    const yardstick = await measureYardstick(clip, numbers);
    return await writeComparison(folder, comparison, contenders, clip, fitted, yardstick);
  } finally {
    // Where nothing came of it nothing is left.
    await folder.removeIfEmpty();
    for (const { network } of fitted) network.dispose();
  }
}

async function writeComparison(
  folder: RunFolder,
  { audio, recording, training }: Comparison,
  contenders: readonly Contender[],
  clip: Clip,
  fitted: readonly Fitted[],
  yardstick: Yardstick,
): Promise<CommandResult> {
  const { sampleRate, samples } = clip;
  const models = fitted.map(({ fitting, network, pieces, metrics }, index) => {
    const { steps, loss, seconds, secondsPerStep } = summarize(pieces);
    const { name, recipe } = contenders[index] as Contender;
    return {
      model: name,
      ...(recipe && { recipe }),
      parameters: network.parameterCount,
      options: fitting.resolvedModel,
      learningRate: fitting.resolvedTraining.learningRate,
      ...{ steps, loss, metrics, seconds, secondsPerStep },
    };
  });
  const { device, threads } = summarize((fitted[0] as Fitted).pieces);
  const summary = { models, yardstick: yardstickJson(yardstick), device, threads };
  const original = { samples, sampleRate, source: resolve(audio) };
  // Rates are each network's own unless one was given.
  const { learningRate: _, ...common } = (fitted[0] as Fitted).fitting.resolvedTraining;

  // The role of each file, its name and what writes it.
  const outputs: [role: string, name: string, write: FileWriter][] = [
    ['original', 'original.wav', (path) => writeWav(path, clip, { bitDepth: 32 })],
    ...fitted.flatMap(({ network, reconstruction }, index): typeof outputs => {
      const { name } = contenders[index] as Contender;
      return [
        [
          `${name}Reconstruction`,
          `${name}.wav`,
          (path) => writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
        ],
        [`${name}Model`, `${name}.safetensors`, (path) => network.save(path)],
      ];
    }),
    [
      'report',
      'report.html',
      (path) =>
        writeComparisonReport(path, {
          original,
          models: fitted.map((each, index) => {
            const model = reportedModel(each);
            const { label } = contenders[index] as Contender;
            const { learningRate } = each.fitting.resolvedTraining;
            return { ...model, label, options: { ...model.options, learningRate } };
          }),
          yardstick,
          run: reportedRun(common, { device, threads }),
        }),
    ],
    ['metrics', 'metrics.json', (path) => writeFileAtomic(path, prettyJson(summary))],
    [
      'config',
      'config.json',
      (path) =>
        writeFileAtomic(path, prettyJson({ audio: original.source, recording, training, models })),
    ],
  ];
  const files = await folder.write(
    Object.fromEntries(outputs.map(([role, , write]) => [role, write])),
    Object.fromEntries(outputs.map(([role, name]) => [role, name])),
  );
  const rows = models.map((rest, index) => ({
    name: contenders[index]?.label as string,
    ...rest,
  }));
  const beside = { name: YARDSTICK, parameters: yardstick.numbers, metrics: yardstick.metrics };
  return {
    json: { ...summary, files },
    text: `${comparisonText(rows, beside)}\n\nResults in ${folder.path}; the report is ${files.report}`,
  };
}
