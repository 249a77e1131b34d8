import { FewSoundError } from '../errors.js';
import type { Inr } from '../nn/index.js';
import type { FitProgress } from '../train/index.js';
import { copyOf } from './inside.js';
import type { Course, Curve, RunState, RunStatus, StudioEvents } from './protocol.js';
import type { FitWatcher, WatchedFit } from './watch.js';

/** Points of a curve that are kept; beyond, every other one goes. */
const POINTS = 600;

/** Milliseconds between two reports to the page. */
const REPORT_INTERVAL = 240;

/** Tells the pages. */
export type Tell = <Name extends keyof StudioEvents>(name: Name, value: StudioEvents[Name]) => void;

/** What a run is from its beginning on. */
export type RunIdentity = Pick<
  RunState,
  'id' | 'kind' | 'label' | 'recording' | 'date' | 'command' | 'program' | 'ours'
>;

/** One run: its state, and its sounds. */
export class Run {
  #state: RunState;
  readonly curve: Curve = { step: [], loss: [], siSnr: [] };
  /** What is learned, [samples]. */
  original: Float32Array | undefined;
  /** What it sounds like now, [samples]. */
  present: Float32Array | undefined;
  /** Of `present`: counts up. */
  presentStep = 0;
  /** A copy of the network as it was seen last. */
  #seen: Inr | undefined;
  /** Where it is to be had from: the fit that is on, or a file. */
  #look: FitProgress['look'] | undefined;
  #file: (() => Promise<Inr | undefined>) | undefined;
  #loading: Promise<Inr | undefined> | undefined;
  #disposed = false;
  #stop = new AbortController();
  #reported = 0;
  #secondsBefore = 0;
  /** Every so many points of the curve one is kept. */
  #stride = 1;
  #points = 0;

  constructor(
    identity: RunIdentity,
    private readonly tell: Tell,
    status: RunStatus = 'waiting',
  ) {
    this.#state = { ...identity, status, warnings: [] };
  }

  get state(): RunState {
    return this.#state;
  }

  get id(): string {
    return this.#state.id;
  }

  get withCurve(): RunState & { curve: Curve } {
    return { ...this.#state, curve: this.curve };
  }

  /** Ends it, in good order, with what it has. */
  stop(): void {
    this.#stop.abort();
  }

  /** It may be stopped again. */
  renew(): void {
    this.#stop = new AbortController();
  }

  /** Tells the pages what has changed. */
  change(change: Partial<RunState>): void {
    this.#state = { ...this.#state, ...change };
    this.tell('run', this.#state);
  }

  fail(error: unknown): void {
    const known = error instanceof FewSoundError;
    const text = known ? error.message : `something went wrong: ${(error as Error).message}`;
    this.change({ status: 'failed', error: sentence(text) });
  }

  /** A network begins, or goes on. */
  begin({ kind, clip, parameters }: WatchedFit): FitWatcher {
    this.original = clip.samples;
    this.#secondsBefore = this.#state.course?.seconds ?? 0;
    const { sampleRate, length: samples } = clip;
    this.change({ ...{ kind, status: 'learning', sampleRate, samples, parameters } });
    return {
      stop: this.#stop.signal,
      progress: (state) => this.#progress(state),
      warning: (text) => this.change({ warnings: [...this.#state.warnings, sentence(text)] }),
      learned: (reconstruction, metrics, network) => {
        this.present = reconstruction;
        this.presentStep++;
        this.#look = undefined;
        this.#seen = copyOf(network, this.#seen);
        this.change({ status: 'writing', metrics: { ...metrics } });
      },
    };
  }

  #progress(state: FitProgress): void {
    const { step, steps, loss, siSnr, stepsPerSecond, secondsLeft, secondsElapsed } = state;
    // A wider network of the same recipe begins anew.
    if (step < (this.curve.step.at(-1) ?? 0)) this.#forget();
    this.#plot(step, loss, siSnr);
    this.present = state.estimate ?? this.present;
    this.presentStep++;
    this.#look = state.look;
    const now = performance.now();
    const seconds = this.#secondsBefore + secondsElapsed;
    const course = { step, steps, loss, siSnr, stepsPerSecond, secondsLeft, seconds };
    this.#state = { ...this.#state, course };
    if (now - this.#reported < REPORT_INTERVAL && step < steps) return;
    this.#reported = now;
    this.tell('course', { id: this.id, ...course });
  }

  /**
   * The network as it is now, or was at last, for who looks into it; the run keeps it.
   *
   * @throws FewSoundError FILE_NOT_FOUND where there is none yet
   */
  async network(): Promise<Inr> {
    await this.#look?.((network) => {
      if (!this.#disposed) this.#seen = copyOf(network, this.#seen);
    });
    if (this.#seen === undefined) {
      this.#loading ??= this.#file?.();
      this.#seen = await this.#loading;
      if (this.#disposed) this.dispose();
    }
    if (this.#seen !== undefined) return this.#seen;
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      'There is no network to look into: it has to learn first, and a paused one to go on.',
    );
  }

  /** Frees what it keeps, and what is still being loaded once it is there. */
  dispose(): void {
    this.#disposed = true;
    this.#seen?.dispose();
    [this.#seen, this.#look, this.#file] = [undefined, undefined, undefined];
  }

  #plot(step: number, loss: number, siSnr: number | null): void {
    if (this.#points++ % this.#stride !== 0) return;
    const { curve } = this;
    curve.step.push(step);
    curve.loss.push(loss);
    curve.siSnr.push(siSnr);
    if (curve.step.length < POINTS) return;
    this.#stride *= 2;
    for (const values of [curve.step, curve.loss, curve.siSnr]) {
      values.splice(0, values.length, ...(values.filter((_, i) => i % 2 === 0) as number[]));
    }
  }

  #forget(): void {
    for (const values of [this.curve.step, this.curve.loss, this.curve.siSnr]) values.length = 0;
    [this.#stride, this.#points] = [1, 0];
  }

  /** What a finished run was. */
  recall(found: {
    readonly original: Float32Array | undefined;
    readonly present: Float32Array | undefined;
    readonly curve: readonly { step: number; loss: number; siSnr?: number | null | undefined }[];
    readonly course: Course | undefined;
    readonly network: () => Promise<Inr | undefined>;
  }): void {
    this.original = found.original;
    this.present = found.present;
    this.presentStep = 1;
    this.#file = found.network;
    const every = Math.max(1, Math.ceil(found.curve.length / POINTS));
    for (const [index, { step, loss, siSnr }] of found.curve.entries()) {
      if (index % every === 0) this.#plot(step, loss, siSnr ?? null);
    }
    if (found.course !== undefined) this.#state = { ...this.#state, course: found.course };
  }
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
