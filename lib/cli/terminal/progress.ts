import type { SingleBar } from 'cli-progress';
import { metricInWords, paperColumns } from '../../metrics/registry.js';
import { formatCount } from '../../report/text-table.js';
import type {
  FitLongProgress,
  FitProgress,
  TrainProgress,
  ValidationResult,
} from '../../train/index.js';
import type { CommandContext } from '../command.js';

/** Shows the progress of long work. */
export interface ProgressDisplay<State> {
  update(state: State): void;
  /** Writes a line that stays. */
  note(line: string): void;
  /** Leaves the last state on the screen and goes to the next line. */
  stop(): void;
}

/** How a state is shown. */
export interface ProgressFormat<State> {
  /** How much is done, and of how much. */
  position(state: State): { readonly done: number; readonly total: number };
  /** The numbers beside the bar. */
  describe(state: State): string;
}

/** Milliseconds between two lines where there is no terminal to draw a bar on. */
const LINE_INTERVAL = 5000;

/**
 * Shows the progress of `work` on standard error: a live bar on a terminal, a plain line every few
 * seconds elsewhere, nothing with `--quiet`.
 */
export async function withProgress<State, Result>(
  { stderr, quiet }: CommandContext,
  label: string,
  format: ProgressFormat<State>,
  work: (display: ProgressDisplay<State>) => Promise<Result>,
): Promise<Result> {
  if (quiet) return work({ update() {}, note() {}, stop() {} });
  const display = stderr.isTTY
    ? await liveBar(stderr, label, format)
    : plainLines(stderr, label, format);
  try {
    return await work(display);
  } finally {
    display.stop();
  }
}

/** How many of a number of things are done, as `withProgress` shows it. */
export function counted(what: string): ProgressFormat<{ done: number; total: number }> {
  return {
    position: (state) => state,
    describe: ({ done, total }) => `${formatCount(done)}/${formatCount(total)} ${what}`,
  };
}

function plainLines<State>(
  stderr: CommandContext['stderr'],
  label: string,
  format: ProgressFormat<State>,
): ProgressDisplay<State> {
  let shown = -LINE_INTERVAL;
  let last: State | undefined;
  let lastIsShown = true;
  const show = (state: State) => stderr.write(`${label}${format.describe(state)}\n`);
  return {
    update(state) {
      last = state;
      lastIsShown = performance.now() - shown >= LINE_INTERVAL;
      if (!lastIsShown) return;
      shown = performance.now();
      show(state);
    },
    note(line) {
      stderr.write(`${line}\n`);
    },
    stop() {
      if (last && !lastIsShown) show(last);
    },
  };
}

async function liveBar<State>(
  stderr: CommandContext['stderr'],
  label: string,
  format: ProgressFormat<State>,
): Promise<ProgressDisplay<State>> {
  const { default: cliProgress } = await import('cli-progress');
  let bar: SingleBar | undefined;
  return {
    update(state) {
      const { done, total } = format.position(state);
      if (!bar) {
        bar = new cliProgress.SingleBar({
          stream: stderr as NodeJS.WritableStream,
          format: (options, _, { state: current }: { state: State }) =>
            drawBar(current, label, format, options.stream as CommandContext['stderr']),
          hideCursor: true,
          // The command handles Ctrl-C itself.
          gracefulExit: false,
        });
        bar.start(total, done, { state });
      }
      bar.update(done, { state });
    },
    note(line) {
      // In place of the bar, which the next state draws again a line below.
      stderr.write(`\r\x1b[K${line}\n`);
    },
    stop() {
      bar?.stop();
    },
  };
}

function drawBar<State>(
  state: State,
  label: string,
  format: ProgressFormat<State>,
  { columns = 80 }: { columns?: number },
): string {
  const text = format.describe(state);
  const { done, total } = format.position(state);
  const width = Math.max(0, Math.min(30, columns - label.length - text.length - 3));
  const filled = Math.round((width * done) / total);
  const bar = width < 8 ? '' : `${'█'.repeat(filled)}${'░'.repeat(width - filled)}  `;
  return `${label}${bar}${text}`.slice(0, Math.max(20, columns - 1));
}

/** `1:05`, `2:03:10`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–:––';
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** The progress of `fit` and `fitLong`. */
export const FIT_PROGRESS: ProgressFormat<FitProgress | FitLongProgress> = {
  position: (state) => {
    const { piece, pieces } = 'piece' in state ? state : { piece: 0, pieces: 1 };
    return { done: piece * state.steps + state.step, total: pieces * state.steps };
  },
  describe: (state) => {
    const { step, steps, loss, siSnr, stepsPerSecond, secondsElapsed, secondsLeft } = state;
    // Pieces to come take as long as this one.
    const piecesLeft = 'piece' in state ? state.pieces - state.piece - 1 : 0;
    const left = secondsLeft + piecesLeft * (secondsElapsed + secondsLeft);
    const total = String(steps);
    return [
      ...('piece' in state ? [`piece ${state.piece + 1}/${state.pieces}`] : []),
      `${String(step).padStart(total.length)}/${total}`,
      `loss ${loss.toPrecision(4)}`,
      `SI-SNR ${siSnr === null ? 'undefined' : `${siSnr.toFixed(2)} dB`}`,
      `${stepsPerSecond.toFixed(1)} steps/s`,
      `${clock(left)} left`,
    ].join('  ');
  },
};

/** The progress of `train` and `trainClassifier`. */
export const TRAIN_PROGRESS: ProgressFormat<TrainProgress> = {
  position: ({ step, steps }) => ({ done: step, total: steps }),
  describe: ({ epoch, epochs, step, steps, loss, samplesPerSecond, secondsLeft }) =>
    [
      `epoch ${epoch}/${epochs}`,
      `step ${formatCount(step)}/${formatCount(steps)}`,
      `loss ${loss.toPrecision(4)}`,
      `${samplesPerSecond.toPrecision(3)} recordings/s`,
      `${clock(secondsLeft)} left`,
    ].join('  '),
};

/** A validation in a line: the loss and the columns of the paper's tables that were measured. */
export function validationLine({ epoch, loss, metrics, best }: ValidationResult): string {
  const values = paperColumns
    .filter((name) => metrics[name] !== undefined)
    .map((name) => metricInWords(name, metrics[name]));
  return [
    `validation after epoch ${epoch}`,
    `loss ${loss.toPrecision(4)}`,
    ...values,
    ...(best ? ['best'] : []),
  ].join('  ');
}
