import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { readAudio } from '../audio/index.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import { requireUnoccupied } from '../folder-lock.js';
import type { FitCommand, FitRequest, RunFile } from './commands.js';
import { openKept } from './kept-model.js';
import type { Course, LearnRequest, RunState } from './protocol.js';
import { type Recordings, requireStretch } from './recordings.js';
import { Run, type Tell } from './run.js';
import type { WatchFits } from './watch.js';

/** Networks of one request, and runs that wait; more is a slip of the hand. */
const MOST_NETWORKS = 6;
const MOST_WAITING = 24;

/** Seconds that speed is measured for. */
const MEASURE_SECONDS = 1.5;

/** Runs of the studio: one folder each, as `fewsound fit` makes it. */
export class Runs {
  readonly #runs = new Map<string, Run>();
  readonly #work = new Map<Run, { pause: AbortController; done: Promise<void> }>();
  /** How each run of this studio was begun. */
  readonly #requests = new WeakMap<Run, (signal: AbortSignal) => Promise<void>>();
  readonly #waiting: { run: Run; start: (signal: AbortSignal) => Promise<void> }[] = [];
  /** Networks that learn at once: one for each thread, up to four. */
  readonly atOnce = Math.min(4, availableParallelism());

  /** @param folder for the folders of runs */
  constructor(
    readonly folder: string,
    private readonly fits: FitCommand,
    private readonly recordings: Recordings,
    private readonly tell: Tell,
  ) {}

  get list(): Run[] {
    return [...this.#runs.values()];
  }

  /** Runs of `fewsound fit` that are in the folder and not open. */
  get earlier(): { id: string; date: string }[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder)
      .filter((name) => !this.#runs.has(name))
      .flatMap((id) => {
        const config = this.#config(id);
        return config === undefined ? [] : [{ id, date: config.date }];
      })
      .sort((a, b) => (a.date < b.date ? 1 : -1));
  }

  /** @throws FewSoundError FILE_NOT_FOUND */
  run(id: string): Run {
    const run = this.#runs.get(id);
    if (run !== undefined) return run;
    throw new FewSoundError('FILE_NOT_FOUND', 'There is no such run here; open it again.');
  }

  /** The path of a file of a run. */
  file(id: string, role: RunFile): string {
    return this.#file(this.run(id).id, role);
  }

  /**
   * Begins to learn; each network is a run of its own.
   *
   * @throws FewSoundError INVALID_ARGUMENT
   */
  async learn(request: LearnRequest): Promise<string[]> {
    const { recording, stretch, networks, training, seed, device, budget } = request;
    requireStretch(stretch);
    if (networks.length === 0) throw invalidArgument('networks', 'Choose a network to learn it.');
    if (networks.length > MOST_NETWORKS || this.#waiting.length > MOST_WAITING) {
      throw invalidArgument(
        'networks',
        `Up to ${MOST_NETWORKS} networks learn by one request, and up to ${MOST_WAITING} runs wait; let some of them end first.`,
      );
    }
    const audio = this.recordings.path(recording);
    // Networks that learn together share the cores.
    const together = Math.min(this.atOnce, networks.length);
    const threads = Math.max(1, Math.floor(availableParallelism() / together));
    const planned = { ...(budget?.unit === 'steps' && { steps: String(budget.amount) }) };
    const requests = networks.map(({ kind, recipe, options }): FitRequest => {
      const shared = { ...training, seed, device };
      return {
        ...{ audio, stretch, kind, recipe, network: options },
        training: { ...shared, ...(together > 1 && { threads: String(threads) }), ...planned },
      };
    });
    const seconds = budget?.unit === 'seconds' ? budget.amount : undefined;
    // What is wrong with a network or an option is told before the first begins.
    for (const [index, each] of requests.entries()) await this.#check(each, index);
    return requests.map((request) => this.#enqueue(request, seconds));
  }

  /** Ends what learns; `wait` until it has written what it needs to go on. */
  async pause(id: string): Promise<void> {
    const run = this.run(id);
    const place = this.#waiting.findIndex((each) => each.run === run);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      run.change({ status: 'paused' });
      return;
    }
    const work = this.#work.get(run);
    if (work === undefined) return;
    run.change({ status: 'pausing' });
    work.pause.abort();
    await work.done;
  }

  /**
   * Goes on where it was paused.
   *
   * @throws FewSoundError IO where another process fits it
   */
  goOn(id: string): void {
    const run = this.run(id);
    if (run.state.status !== 'paused' && run.state.status !== 'failed') return;
    requireUnoccupied(this.#at(run));
    run.renew();
    const resumable = existsSync(join(this.folder, id, 'checkpoints'));
    const again = this.#requests.get(run);
    if (resumable) this.#line(run, (signal) => this.#resume(run, signal));
    else if (again !== undefined) this.#line(run, again);
    else {
      throw new FewSoundError(
        'FILE_NOT_FOUND',
        'This run has nothing to go on from. Learn the recording anew.',
      );
    }
  }

  /** Ends in good order, with all that a finished run has. */
  keep(id: string): void {
    const run = this.run(id);
    if (run.state.status === 'paused') this.goOn(id);
    else if (this.#work.has(run)) run.change({ status: 'writing' });
    run.stop();
  }

  /**
   * Takes a run off the page; of one that never ended nothing is left.
   *
   * @throws FewSoundError IO where another process fits it
   */
  async remove(id: string): Promise<void> {
    const ended = () => existsSync(this.#file(id, 'model'));
    if (!ended()) requireUnoccupied(this.#at(this.run(id)));
    await this.pause(id);
    this.#runs.get(id)?.dispose();
    this.#runs.delete(id);
    if (!ended()) await rm(join(this.folder, id), { recursive: true, force: true });
    this.tell('gone', { id, earlier: this.earlier });
  }

  /**
   * Opens a run of an earlier day.
   *
   * @throws FewSoundError FILE_NOT_FOUND, and what is wrong with its files
   */
  async open(id: string): Promise<void> {
    if (this.#runs.has(id)) return;
    if (!this.earlier.some((each) => each.id === id)) {
      throw new FewSoundError('FILE_NOT_FOUND', 'There is no such run in the folder any more.');
    }
    const config = this.#config(id) as StoredConfig;
    const at = (role: RunFile) => this.#file(id, role);
    const done = existsSync(at('metrics'));
    const original = await readAudio(at('original'));
    const samples = original.channels[0] as Float32Array;
    const summary = done
      ? (JSON.parse(await readFile(at('metrics'), 'utf8')) as Summary)
      : undefined;
    const recording = basename(config.audio);
    const run = new Run(
      {
        ...{
          id,
          kind: config.model,
          label: this.#label(config.model, config.recipe?.name),
          recording,
        },
        ...{ date: config.date, ours: true },
      },
      this.tell,
      done ? 'done' : 'paused',
    );
    run.recall({
      original: samples,
      present: done ? (await readAudio(at('reconstruction'))).channels[0] : undefined,
      curve: done ? await readLog(at('log')) : [],
      course: summary && courseOf(summary),
      network: async () => (done ? openKept(at('model')) : undefined),
    });
    this.#runs.set(id, run);
    run.change({
      sampleRate: original.sampleRate,
      samples: samples.length,
      ...(summary && { parameters: summary.parameters, metrics: summary.metrics }),
    });
  }

  /** Pauses everything that learns. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all([...this.#work.keys()].map((run) => this.pause(run.id)));
    for (const run of this.#runs.values()) run.dispose();
  }

  /**
   * What `fit` checks before its first step, at which it ends.
   *
   * @throws FewSoundError what it reports; options of the network are in `networks.INDEX.`
   */
  async #check(request: FitRequest, index: number): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'fewsound-check-'));
    const enough = new AbortController();
    const args = [...this.fits.argumentsOf(request), '--out', folder];
    const watch: WatchFits = () => {
      enough.abort();
      return { progress() {}, warning() {}, learned() {} };
    };
    try {
      await this.fits.run(args, { signal: enough.signal, watch });
    } catch (error) {
      if (enough.signal.aborted) return;
      if (!(error instanceof FewSoundError) || error.field === undefined) throw error;
      const { code, message } = error;
      // The form has one field for all of a list.
      const name = error.field.replace(/\.\d+$/, '');
      const field = name in request.network ? `networks.${index}.${name}` : name;
      throw new FewSoundError(code, message, { cause: error, field });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #enqueue(request: FitRequest, seconds: number | undefined): string {
    const { audio, kind, recipe } = request;
    const id = this.#freeId(`${basename(audio, extname(audio))}-${kind}`);
    const run = new Run(
      {
        ...{ id, kind, label: this.#label(kind, recipe), recording: basename(audio) },
        ...{ date: new Date().toISOString(), ours: true },
      },
      this.tell,
    );
    this.#runs.set(id, run);
    const start = async (signal: AbortSignal) => {
      const steps = seconds === undefined ? {} : await this.#measure(run, request, seconds, signal);
      const final = { ...request, training: { ...request.training, ...steps } };
      const args = [...this.fits.argumentsOf(final), '--out', this.#at(run)];
      run.change({
        command: ['fewsound', ...args].map(quoted).join(' '),
        program: this.fits.programOf(final),
      });
      await this.#fit(run, args, signal);
    };
    this.#requests.set(run, start);
    this.#line(run, start);
    return id;
  }

  #line(run: Run, start: (signal: AbortSignal) => Promise<void>): void {
    run.change({ status: 'waiting', error: undefined });
    this.#waiting.push({ run, start });
    this.#next();
  }

  #next(): void {
    while (this.#work.size < this.atOnce) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const { run, start } = next;
      const pause = new AbortController();
      const done = start(pause.signal)
        .catch((error: unknown) => {
          const paused = error instanceof FewSoundError && error.code === 'ABORTED';
          if (paused) run.change({ status: 'paused' });
          else run.fail(error);
        })
        .finally(() => {
          this.#work.delete(run);
          this.#next();
        });
      this.#work.set(run, { pause, done });
    }
  }

  async #fit(run: Run, args: readonly string[], signal: AbortSignal): Promise<void> {
    await this.fits.run(args, { signal, watch: (fit) => run.begin(fit) });
    run.change({ status: 'done' });
  }

  async #resume(run: Run, signal: AbortSignal): Promise<void> {
    // One in pieces is not watched: neither are its beginnings told, nor what it has learned.
    run.change({ status: 'learning' });
    await this.#fit(run, ['fit', '--resume', this.#at(run)], signal);
    if (run.present !== undefined) return;
    this.#runs.delete(run.id);
    await this.open(run.id);
  }

  /** How many steps fit into some seconds, by a fit that is thrown away. */
  async #measure(
    run: Run,
    request: FitRequest,
    seconds: number,
    signal: AbortSignal,
  ): Promise<{ steps: string }> {
    run.change({ status: 'measuring' });
    const folder = await mkdtemp(join(tmpdir(), 'fewsound-speed-'));
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    let rate = 0;
    const training = { ...request.training, steps: '1000000' };
    const args = [...this.fits.argumentsOf({ ...request, training }), '--out', folder];
    try {
      await this.fits.run(args, {
        signal: either,
        watch: () => ({
          progress: ({ step, steps, secondsElapsed, secondsLeft }) => {
            // Not that of the steps seen: a recipe's last steps may learn from more samples.
            rate = (steps - step) / secondsLeft;
            // At least a step, however slow.
            if (secondsElapsed > MEASURE_SECONDS) enough.abort();
          },
          warning() {},
          learned() {},
        }),
      });
    } catch (error) {
      if (!enough.signal.aborted || signal.aborted) throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { steps: String(Math.max(1, Math.round(rate * seconds))) };
  }

  /** Of a network without recipes it goes without saying that it learns as in the paper. */
  #label(kind: string, recipe: string | undefined): string {
    const form = this.fits.forms.networks.find((each) => each.kind === kind);
    const name = form?.name ?? kind;
    return recipe !== undefined && form?.recipes.length ? `${name} ${recipe}` : name;
  }

  #at(run: Run): string {
    return join(this.folder, run.id);
  }

  #file(id: string, role: RunFile): string {
    return join(this.folder, id, this.fits.files[role]);
  }

  #freeId(name: string): string {
    for (let count = 1; ; count++) {
      const id = count === 1 ? name : `${name}-${count}`;
      if (!this.#runs.has(id) && !existsSync(join(this.folder, id))) return id;
    }
  }

  #config(id: string): StoredConfig | undefined {
    try {
      const text = readFileSync(this.#file(id, 'config'), 'utf8');
      const { audio, model, date, recipe } = JSON.parse(text) as Partial<StoredConfig>;
      const strings = [audio, model, date].every((value) => typeof value === 'string');
      const original = existsSync(this.#file(id, 'original'));
      return strings && original ? ({ audio, model, date, recipe } as StoredConfig) : undefined;
    } catch {
      // Another folder that happens to be here.
      return undefined;
    }
  }
}

/** What the studio reads of config.json. */
interface StoredConfig {
  readonly audio: string;
  readonly model: string;
  readonly date: string;
  readonly recipe?: { readonly name: string };
}

/** What it reads of metrics.json. */
interface Summary {
  readonly parameters: number;
  readonly steps: number;
  readonly loss: number;
  readonly seconds: number;
  readonly secondsPerStep: number;
  readonly metrics: NonNullable<RunState['metrics']>;
}

/** What it reads of a line of metrics.jsonl. */
interface StoredStep {
  readonly step: number;
  readonly loss: number;
  readonly siSnr?: number | null;
}

function courseOf({ steps, loss, seconds, secondsPerStep, metrics }: Summary): Course {
  const stepsPerSecond = secondsPerStep > 0 ? 1 / secondsPerStep : 0;
  const siSnr = metrics.siSnr ?? null;
  return { step: steps, steps, loss, siSnr, stepsPerSecond, secondsLeft: 0, seconds };
}

/** Losses and SI-SNR by step; of a recording in pieces, each of which has its own, the means. */
async function readLog(path: string) {
  if (!existsSync(path)) return [];
  const sums = new Map<number, { loss: number; count: number; siSnr: number; known: number }>();
  for (const line of (await readFile(path, 'utf8')).trim().split('\n')) {
    const { step, loss, siSnr } = JSON.parse(line) as StoredStep;
    const sum = sums.get(step) ?? { loss: 0, count: 0, siSnr: 0, known: 0 };
    sum.loss += loss;
    sum.count++;
    if (typeof siSnr === 'number') [sum.siSnr, sum.known] = [sum.siSnr + siSnr, sum.known + 1];
    sums.set(step, sum);
  }
  return [...sums].map(([step, { loss, count, siSnr, known }]) => ({
    ...{ step, loss: loss / count, siSnr: known > 0 ? siSnr / known : null },
  }));
}

/** A word as a shell takes it. */
const quoted = (word: string) =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
