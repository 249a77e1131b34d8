import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { requireLibTorch } from '../lib/native/libtorch.js';

/** The Python that holds the LibTorch in use, so that both sides compute with the same library. */
function pythonOfLibTorch(): string {
  const { path } = requireLibTorch();
  const own = resolve(path, '../../../../bin/python3');
  return existsSync(own) ? own : (process.env.FEWSOUND_PYTHON ?? 'python3');
}

/** A PyTorch program that runs one timed round whenever it is told to, and waits in between. */
export class Peer {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #interface: Interface;
  /** What it said of itself when it was ready. */
  facts: Record<string, unknown> = {};

  private constructor(program: string, args: readonly string[]) {
    this.#process = spawn(
      pythonOfLibTorch(),
      [join(process.cwd(), 'bench', 'peers', program), ...args],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    this.#interface = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  static async start(program: string, args: readonly (string | number)[]): Promise<Peer> {
    const peer = new Peer(program, args.map(String));
    peer.facts = await peer.#answer();
    return peer;
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
    if (done) throw new Error('the PyTorch program ended early; its messages are above');
    return JSON.parse(value) as Record<string, unknown>;
  }
}
