// Runs one benchmark and prints one JSON object. Every figure is measured against its peer in turn,
// in one call, on one machine; see bench/results for what was seen where.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { dataPipeline } from './data-pipeline.js';
import { dictionary } from './dictionary.js';
import { fitCurve } from './fit-curve.js';
import { gpuClips, gpuFit, gpuStep } from './gpu.js';
import { hyperOverfit } from './hyper-overfit.js';
import { hyperSmall } from './hyper-small.js';
import { hyperStep } from './hyper-step.js';
import { kanBatched } from './kan-batched.js';
import { kanMemory } from './kan-memory.js';
import { kanScale } from './kan-scale.js';
import { lossTerms } from './loss-terms.js';
import { netsStep } from './nets-step.js';
import { cdpamBenchmark, pesqBenchmark, stoiBenchmark } from './perceptual.js';
import { player } from './player.js';
import { rivals } from './rivals.js';
import { sound } from './sound.js';
import { strs } from './strs.js';
import { table1Time } from './table1-time.js';

const BENCHMARKS = {
  'nets-step': netsStep,
  'table1-time': table1Time,
  'kan-memory': kanMemory,
  'kan-scale': kanScale,
  'kan-batched': kanBatched,
  'data-pipeline': dataPipeline,
  'fit-curve': fitCurve,
  'hyper-step': hyperStep,
  'hyper-small': hyperSmall,
  'hyper-overfit': hyperOverfit,
  'loss-terms': lossTerms,
  player,
  rivals,
  sound,
  strs,
  dictionary,
  pesq: pesqBenchmark,
  stoi: stoiBenchmark,
  cdpam: cdpamBenchmark,
  'gpu-step': gpuStep,
  'gpu-fit': gpuFit,
  'gpu-clips': gpuClips,
};

/** Steps where none are asked for: the paper's number on a GPU, the recipe's own for `sound`. */
function stepsOf(name: string): number {
  if (name.startsWith('gpu-')) return 10_000;
  return { sound: Number.NaN, 'table1-time': 200, 'loss-terms': 100 }[name] ?? 1000;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string', default: '5' },
      steps: { type: 'string' },
      seeds: { type: 'string', default: '1' },
      device: { type: 'string', default: 'cuda' },
      seconds: { type: 'string', default: 'Infinity' },
      encoder: { type: 'string', default: 'soundstream' },
      recipe: { type: 'string', default: 'paper' },
      mel: { type: 'string', default: '0' },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const [name = '', ...recordings] = positionals;
  const benchmark = BENCHMARKS[name as keyof typeof BENCHMARKS] as
    | ((settings: object, ...recordings: string[]) => Promise<object>)
    | undefined;
  if (benchmark === undefined) {
    console.error(
      `usage: npm run bench -- ${Object.keys(BENCHMARKS).join('|')} [RECORDING…|NETWORK…] [--json] [--rounds N] [--steps N] [--seeds N] [--seconds S] [--threads N] [--encoder KIND|all] [--recipe NAME] [--mel WEIGHT] [--device D]`,
    );
    process.exitCode = 2;
    return;
  }
  const settings = {
    rounds: Number(values.rounds),
    steps: Number(values.steps ?? stepsOf(name)),
    seeds: Number(values.seeds),
    device: values.device,
    seconds: Number(values.seconds),
    threads: Number(values.threads),
    encoder: values.encoder,
    recipe: values.recipe,
    mel: Number(values.mel),
  };
  const result = await benchmark(settings, ...recordings);
  console.log(JSON.stringify(result, null, values.json ? undefined : 2));
}

main();
