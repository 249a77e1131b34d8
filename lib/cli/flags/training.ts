import { defined, type Values } from '../command.js';
import { choice, deviceName, flag, grouped, integerFrom, positive, real } from './parsers.js';

export const SCHEDULES = ['constant', 'cosine', 'oneCycle'] as const;
export const DTYPES = ['float32', 'float64'] as const;

/** How a network is trained, and where. */
export const trainingFlags = {
  ...grouped('Training options:', {
    steps: flag('--steps <count>', 'updates', integerFrom(1), 1000),
    learningRate: flag('--lr <rate>', "learning rate; default: the network's own", real),
    schedule: choice('--schedule <name>', 'how the learning rate changes', SCHEDULES, 'constant'),
    weightDecay: flag('--weight-decay <amount>', "AdamW's decoupled weight decay", real, 0.01),
    timeWeight: flag('--time-weight <weight>', 'weight λt of the L1 loss of the samples', real, 1),
    melWeight: flag(
      '--mel-weight <weight>',
      'weight λf of the multi-resolution mel STFT loss',
      real,
      1,
    ),
    bandPower: flag(
      '--band-power <power>',
      'weights higher mel bands more; 0: all the same',
      real,
      0,
    ),
    stopSiSnr: flag('--stop-si-snr <decibels>', 'stop when this SI-SNR is reached', real),
    stopLoss: flag('--stop-loss <loss>', 'stop when the loss is not above this', real),
    patience: flag(
      '--patience <steps>',
      'stop after so many steps without a better loss',
      integerFrom(1),
    ),
    minDelta: flag(
      '--min-delta <loss>',
      'what counts as a better loss',
      positive({ orZero: true }),
    ),
    seed: flag(
      '--seed <number>',
      'same seed, device and threads: same result, bit for bit',
      integerFrom(0),
      0,
    ),
  }),
  ...grouped('Machine options:', {
    device: flag('--device <name>', 'where to compute: cpu, cuda or cuda:N', deviceName, 'cpu'),
    threads: flag('--threads <count>', "CPU threads; default: LibTorch's choice", integerFrom(1)),
    dtype: choice('--dtype <name>', 'numbers to compute with', DTYPES, 'float32'),
  }),
};

/** The values of {@link trainingFlags} in the form of the options of `fit`. */
export function trainingSettings(given: Values<typeof trainingFlags>) {
  const { steps, learningRate, weightDecay, schedule, seed, device, dtype, threads } = given;
  const earlyStop = defined({
    siSnr: given.stopSiSnr,
    loss: given.stopLoss,
    patience: given.patience,
    minDelta: given.minDelta,
  });
  return {
    ...{ steps, learningRate, weightDecay, schedule },
    loss: { time: given.timeWeight, mel: given.melWeight, bandPower: given.bandPower },
    earlyStop: Object.keys(earlyStop).length > 0 ? earlyStop : undefined,
    ...{ seed, device, dtype, threads },
  };
}
