import type { SingleBar } from 'cli-progress';
import type { CommandContext } from './command-context.js';

/** What a fit reports while it runs. */
export interface FitState {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** dB; null where undefined. */
  readonly siSnr: number | null;
  readonly stepsPerSecond: number;
  readonly secondsElapsed: number;
  readonly secondsLeft: number;
}

/** Shows how far a fit is. */
export interface ProgressDisplay {
  update(state: FitState): void;
  /** Leaves the last state on the screen and goes to the next line. */
  stop(): void;
}

/** Milliseconds between two lines where there is no terminal to draw a bar on. */
const LINE_INTERVAL = 5000;

/**
 * A live bar on a terminal, a plain line every few seconds elsewhere, nothing with `--quiet`. All of
 * it on standard error.
 */
export async function fitProgress(
  { stderr, quiet }: CommandContext,
  label: string,
): Promise<ProgressDisplay> {
  if (quiet) return { update() {}, stop() {} };
  return stderr.isTTY ? await liveBar(stderr, label) : plainLines(stderr, label);
}

function plainLines(stderr: CommandContext['stderr'], label: string): ProgressDisplay {
  let shown = -LINE_INTERVAL;
  let last: FitState | undefined;
  let lastIsShown = true;
  const show = (state: FitState) => stderr.write(`${label}${describe(state)}\n`);
  return {
    update(state) {
      last = state;
      lastIsShown = performance.now() - shown >= LINE_INTERVAL;
      if (!lastIsShown) return;
      shown = performance.now();
      show(state);
    },
    stop() {
      if (last && !lastIsShown) show(last);
    },
  };
}

async function liveBar(stderr: CommandContext['stderr'], label: string): Promise<ProgressDisplay> {
  const { default: cliProgress } = await import('cli-progress');
  let bar: SingleBar | undefined;
  return {
    update(state) {
      if (!bar) {
        bar = new cliProgress.SingleBar({
          stream: stderr as NodeJS.WritableStream,
          format: (options, _, { state: current }: { state: FitState }) =>
            drawBar(current, label, options.stream as CommandContext['stderr']),
          hideCursor: true,
          // The command has its own way with Ctrl-C.
          gracefulExit: false,
        });
        bar.start(state.steps, state.step, { state });
      }
      bar.update(state.step, { state });
    },
    stop() {
      bar?.stop();
    },
  };
}

function drawBar(state: FitState, label: string, { columns = 80 }: { columns?: number }): string {
  const text = describe(state);
  const width = Math.max(0, Math.min(30, columns - label.length - text.length - 3));
  const done = Math.round((width * state.step) / state.steps);
  const bar = width < 8 ? '' : `${'█'.repeat(done)}${'░'.repeat(width - done)}  `;
  return `${label}${bar}${text}`.slice(0, Math.max(20, columns - 1));
}

function describe({ step, steps, loss, siSnr, stepsPerSecond, secondsLeft }: FitState): string {
  const total = String(steps);
  return [
    `${String(step).padStart(total.length)}/${total}`,
    `loss ${loss.toPrecision(4)}`,
    `SI-SNR ${siSnr === null ? 'undefined' : `${siSnr.toFixed(2)} dB`}`,
    `${stepsPerSecond.toFixed(1)} steps/s`,
    `${clock(secondsLeft)} left`,
  ].join('  ');
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
