import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { requireLibTorch } from '../lib/setup/libtorch.js';

/**
 * The Python that holds the LibTorch in use, so that both sides compute with the same library;
 * first the one that was named.
 */
function pythonOfLibTorch(): string {
  if (process.env.FEWSOUND_PYTHON) return process.env.FEWSOUND_PYTHON;
  const { path } = requireLibTorch();
  const own = resolve(path, '../../../../bin/python3');
  return existsSync(own) ? own : 'python3';
}

function peerAt(program: string): string {
  return join(process.cwd(), 'bench', 'peers', program);
}

/** A Python that has NumPy: LibTorch's own need not. */
function pythonWithNumpy(): string | undefined {
  return [process.env.FEWSOUND_PYTHON || 'python3', pythonOfLibTorch()].find(
    (python) => spawnSync(python, ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0,
  );
}

/** A program that runs one timed round whenever it is told to, and waits in between. */
export class Peer {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #interface: Interface;
  /** What it said of itself when it was ready. */
  facts: Record<string, unknown> = {};

  private constructor(
    interpreter: string,
    program: string,
    args: readonly (string | number)[],
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#process = spawn(interpreter, [program, ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    this.#interface = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /** A program in PyTorch. */
  static async start(program: string, args: readonly (string | number)[]): Promise<Peer> {
    return new Peer(pythonOfLibTorch(), peerAt(program), args).#ready();
  }

  /** A fit of ours in a process of its own: bench/fit-rounds.ts. */
  static async startFit(args: readonly (string | number)[]): Promise<Peer> {
    return new Peer(process.execPath, join(__dirname, 'fit-rounds.js'), args).#ready();
  }

  /** A program in NumPy, on so many threads; undefined where no Python has it. */
  static async startNumpy(
    program: string,
    threads: number,
    args: readonly (string | number)[],
  ): Promise<Peer | undefined> {
    const python = pythonWithNumpy();
    if (python === undefined) return undefined;
    const count = String(threads);
    const env = { ...process.env, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
    return new Peer(python, peerAt(program), args, env).#ready();
  }

  async #ready(): Promise<Peer> {
    this.facts = await this.#answer();
    return this;
  }

  /** Runs a round: seconds a step, and the peak of its resident memory so far. */
  async round(): Promise<{ seconds: number; peakMiB: number }> {
    this.#process.stdin?.write('round\n');
    const { seconds, peakMiB } = await this.#answer();
    return { seconds: Number(seconds), peakMiB: Number(peakMiB) };
  }

  stop(): void {
    this.#process.stdin?.end();
    this.#interface.close();
  }

  async #answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('a program ended early; its messages are above');
    return JSON.parse(value) as Record<string, unknown>;
  }
}
