import { type Command, Option } from 'commander';
import { type DeviceName, deviceName, integerFrom, positive, real } from './parsers.js';

export const SCHEDULES = ['constant', 'cosine', 'oneCycle'] as const;
export const DTYPES = ['float32', 'float64'] as const;

/** How a network is trained; names as in `fit`. */
export interface TrainingSettings {
  readonly steps: number;
  /** Absent: the network's own default. */
  readonly learningRate?: number;
  readonly weightDecay: number;
  readonly schedule: (typeof SCHEDULES)[number];
  readonly loss: { readonly time: number; readonly mel: number; readonly bandPower: number };
  readonly earlyStop?: {
    readonly siSnr?: number;
    readonly loss?: number;
    readonly patience?: number;
    readonly minDelta?: number;
  };
  readonly seed: number;
  readonly device: DeviceName;
  readonly dtype: (typeof DTYPES)[number];
  /** Absent: LibTorch's own choice. */
  readonly threads?: number;
}

interface TrainingFlags {
  steps: number;
  lr?: number;
  weightDecay: number;
  schedule: TrainingSettings['schedule'];
  timeWeight: number;
  melWeight: number;
  bandPower: number;
  stopSiSnr?: number;
  stopLoss?: number;
  patience?: number;
  minDelta?: number;
  seed: number;
  device: TrainingSettings['device'];
  dtype: TrainingSettings['dtype'];
  threads?: number;
}

/** Adds the options of training. */
export function addTrainingFlags(command: Command): Command {
  const group = 'Training options:';
  return command
    .optionsGroup(group)
    .option('--steps <count>', 'updates', integerFrom(1), 1000)
    .option('--lr <rate>', "learning rate; default: the network's own", real)
    .addOption(
      new Option('--schedule <name>', 'how the learning rate changes')
        .choices(SCHEDULES)
        .default('constant')
        .helpGroup(group),
    )
    .option('--weight-decay <amount>', "AdamW's decoupled weight decay", real, 0.01)
    .option('--time-weight <weight>', 'weight λt of the L1 loss of the samples', real, 1)
    .option('--mel-weight <weight>', 'weight λf of the multi-resolution mel STFT loss', real, 1)
    .option('--band-power <power>', 'weights higher mel bands more; 0: all the same', real, 0)
    .option('--stop-si-snr <decibels>', 'stop when this SI-SNR is reached', real)
    .option('--stop-loss <loss>', 'stop when the loss is not above this', real)
    .option('--patience <steps>', 'stop after so many steps without a better loss', integerFrom(1))
    .option('--min-delta <loss>', 'what counts as a better loss', positive({ orZero: true }))
    .option(
      '--seed <number>',
      'same seed, device and threads: same result, bit for bit',
      integerFrom(0),
      0,
    )
    .optionsGroup('Machine options:')
    .option('--device <name>', 'where to compute: cpu, cuda or cuda:N', deviceName, 'cpu')
    .option('--threads <count>', "threads of the CPU; default: LibTorch's choice", integerFrom(1))
    .addOption(
      new Option('--dtype <name>', 'numbers to compute with')
        .choices(DTYPES)
        .default('float32')
        .helpGroup('Machine options:'),
    );
}

/** The values of `addTrainingFlags`. */
export function trainingSettings(command: Command): TrainingSettings {
  const flags = command.opts<TrainingFlags>();
  const earlyStop = defined({
    siSnr: flags.stopSiSnr,
    loss: flags.stopLoss,
    patience: flags.patience,
    minDelta: flags.minDelta,
  });
  return {
    steps: flags.steps,
    ...defined({ learningRate: flags.lr }),
    weightDecay: flags.weightDecay,
    schedule: flags.schedule,
    loss: { time: flags.timeWeight, mel: flags.melWeight, bandPower: flags.bandPower },
    ...(Object.keys(earlyStop).length > 0 && { earlyStop }),
    seed: flags.seed,
    device: flags.device,
    dtype: flags.dtype,
    ...defined({ threads: flags.threads }),
  };
}

/** Without the entries that are undefined. */
export function defined<T extends object>(
  values: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}
