import { readFileSync, writeFileSync } from 'node:fs';
import { type EncoderOptions, FewSound, type TargetOptions } from '../lib/nn/index.js';
import { ops, scope, setThreads } from '../lib/tensor/index.js';
import { lossSchema } from '../lib/train/loss.js';
import { Trainer } from '../lib/train/trainer.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';

/** Lets the kernel's mark of this process's peak begin anew. */
function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

/** Peak resident memory since then, MiB. */
function peak(): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

const BATCH = 16;
const SAMPLES = 32_768;

interface StepSettings {
  readonly rounds: number;
  readonly threads: number;
  readonly encoder: NonNullable<EncoderOptions['kind']>;
}

/** Encoders that the peer has. */
const PEERS: ReadonlySet<string> = new Set(['soundstream', 'snac', 'whisper']);

/** Targets, and the passes that the peer makes of a batch. */
const TARGETS = {
  nerf: { target: { kind: 'nerf', encoding: 10 }, passes: 1 },
  kan: {
    target: { kind: 'kan', encoding: 8, layers: [48, 24, 12], grid: 10, order: 2 },
    passes: 8,
  },
} as const satisfies Record<string, { target: TargetOptions; passes: number }>;

/**
 * One training step of FewSound with the hypernetwork of 17.5M parameters, batch 16. Peer: the same
 * in eager PyTorch, where a dense KAN needs its batch in several passes to fit in memory; the
 * spectral encoder has none.
 */
export async function hyperStep(
  settings: StepSettings,
  ...targets: readonly (keyof typeof TARGETS)[]
) {
  const { rounds, threads, encoder } = settings;
  setThreads(threads);
  const results: Record<string, object> = {};
  for (const name of targets.length === 0 ? (['nerf', 'kan'] as const) : targets) {
    const { target, passes } = TARGETS[name];
    results[name] = await stepOf(target, passes, settings);
  }
  return {
    benchmark: 'hyper-step',
    batch: BATCH,
    samples: SAMPLES,
    rounds,
    threads,
    encoder,
    ...machine(),
    ...results,
  };
}

async function stepOf(
  target: TargetOptions,
  passes: number,
  { rounds, threads, encoder }: StepSettings,
) {
  forgetPeak();
  using model = new FewSound({ target, encoder: { kind: encoder }, seed: 1 });
  using trainer = Trainer.ofHyperNetwork(model, {
    learningRate: 1e-5,
    betas: [0.9, 0.999],
    epsilon: 1e-8,
    weightDecay: 0.01,
    loss: lossSchema().parse({ sampleRate: 22_050 }),
    precision: 'float32',
    threads,
  });
  const audio = scope(() =>
    Float32Array.from(
      ops
        .rand([BATCH * SAMPLES])
        .mul(2)
        .sub(1)
        .data() as Float32Array,
    ),
  );
  const ours = async () => {
    const start = performance.now();
    await trainer.step({ recordings: audio }, { learningRate: 1e-5, beta1: 0.9 });
    return (performance.now() - start) / 1000;
  };
  await ours();
  if (!PEERS.has(encoder)) {
    const seconds = await inTurn(rounds, { ours });
    return {
      parameters: model.parameterCount,
      secondsPerStep: { ours: median(seconds.ours) },
      peakMiB: { ours: peak() },
    };
  }
  const peer = await Peer.start('hyper_step.py', [target.kind, encoder, threads, BATCH, passes]);
  const peaks: number[] = [];
  const seconds = await inTurn(rounds, {
    ours,
    eager: async () => {
      const round = await peer.round();
      peaks.push(round.peakMiB);
      return round.seconds;
    },
  });
  peer.stop();
  const [own, eager] = [median(seconds.ours), median(seconds.eager)];
  return {
    parameters: model.parameterCount,
    torch: peer.facts.torch,
    peerPasses: passes,
    secondsPerStep: { ours: own, eager },
    ratios: { eager: eager / own },
    peakMiB: { ours: peak(), eager: Math.max(...peaks) },
  };
}
