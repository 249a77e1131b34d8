import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FewSoundOptions } from '../../lib/nn';
import { requireLibTorch } from '../../lib/setup/libtorch';
import type { TrainOptions } from '../../lib/train';
import { freePort } from './ranks';

const built = join(__dirname, '..', '..', 'dist', 'train', 'train.js');

/** Tests of trainings in processes of their own are skipped without dist/. */
export const describeBuilt = existsSync(built) ? describe : describe.skip;

/** A line that a training printed. */
export interface Line {
  readonly step?: number;
  readonly done?: boolean;
  readonly code?: string;
  readonly message?: string;
}

/** What a training in a process of its own is to do. */
export interface ProcessSettings {
  readonly corpus: string;
  readonly model: FewSoundOptions;
  readonly options: Partial<TrainOptions>;
  /** Where to save the model at the end. */
  readonly save?: string;
}

export class TrainingProcess {
  readonly lines: Line[] = [];
  /** Resolves when the process is gone. */
  readonly ended: Promise<readonly Line[]>;
  readonly #child: ChildProcess;
  #stderr = '';
  #wake = () => {};

  constructor(
    settings: ProcessSettings,
    environment: Record<string, string> = {},
    program = 'train-process.cjs',
  ) {
    this.#child = spawn(process.execPath, [join(__dirname, program)], {
      env: {
        ...process.env,
        LIBTORCH: requireLibTorch().path,
        NODE_OPTIONS: '',
        SETTINGS: JSON.stringify(settings),
        ...environment,
      },
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    const reader = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    reader.on('line', (line) => {
      this.lines.push(JSON.parse(line));
      this.#wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', () => {
        this.#wake();
        resolve(this.lines);
      });
    });
  }

  get last(): Line | undefined {
    return this.lines.at(-1);
  }

  /** Waits for a step, or the end. */
  async reaches(step: number): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (!over && !this.lines.some((line) => (line.step ?? 0) >= step)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await new Promise(setImmediate);
    }
    if (this.lines.length === 0) throw new Error(`the training began not at all: ${this.#stderr}`);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Waits until it is through. */
  async finishes(): Promise<void> {
    await this.ended;
    if (this.last?.done !== true) {
      throw new Error(`it ended with ${JSON.stringify(this.last)}\n${this.#stderr}`);
    }
  }
}

/** All ranks of one training. */
export async function startTrainingRanks(
  settings: (rank: number) => ProcessSettings,
  size: number,
): Promise<TrainingProcess[]> {
  const port = await freePort();
  return Array.from(
    { length: size },
    (_, rank) =>
      new TrainingProcess(settings(rank), {
        RANK: String(rank),
        WORLD_SIZE: String(size),
        MASTER_ADDR: '127.0.0.1',
        MASTER_PORT: String(port),
      }),
  );
}
