import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { FewSoundError } from '../../errors.js';
import { readJson, writeFileAtomic } from '../../files.js';
import { completed, type TrainingSettings } from '../flags/training.js';
import { prettyJson, type RunFolder } from './folder.js';

/** How well one network learned one recording. */
export interface ClipResult {
  /** Its name in the comparison. */
  readonly model: string;
  readonly recording: string;
  readonly parameters: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly seconds: number;
  readonly secondsPerStep: number;
}

interface Contents {
  readonly config: Readonly<Record<string, unknown>>;
  readonly results: readonly ClipResult[];
}

/** The results of a comparison so far: a file that is there until the table is written. */
export class UnfinishedComparison {
  private constructor(
    private readonly folder: RunFolder,
    private readonly config: Contents['config'],
    private readonly results: ClipResult[],
  ) {}

  /**
   * @param given everything that decides the results; to resume it must be the same
   * @throws FewSoundError INVALID_ARGUMENT where an interrupted comparison is there and `resume` is
   *   not set, or where it was another one; FILE_NOT_FOUND where there is none to resume
   */
  static async open(
    folder: RunFolder,
    given: Contents['config'],
    resume: boolean,
  ): Promise<UnfinishedComparison> {
    const config = asStored(given);
    const path = fileIn(folder);
    if (!resume) {
      if (!existsSync(path)) return new UnfinishedComparison(folder, config, []);
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${folder.path} has an interrupted comparison. Add --resume to continue it, or choose another folder with --out.`,
        { field: 'out' },
      );
    }
    const hint = 'There is no interrupted comparison in that folder; leave --resume out.';
    const { config: stored, results } = (await readJson(path, { missing: hint })) as Contents;
    const before = asStored({
      ...stored,
      training: completed(stored.training as TrainingSettings),
    });
    const other = Object.keys(config).find((key) => !isDeepStrictEqual(config[key], before[key]));
    if (other !== undefined) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `the comparison in ${folder.path} was started with another ${other}: ${JSON.stringify(before[other])}. Give the same options to resume it, or choose another folder with --out.`,
        { field: other },
      );
    }
    return new UnfinishedComparison(folder, config, [...results]);
  }

  get count(): number {
    return this.results.length;
  }

  find(model: string, recording: string): ClipResult | undefined {
    return this.results.find((each) => each.model === model && each.recording === recording);
  }

  async add(result: ClipResult): Promise<void> {
    this.results.push(result);
    const contents: Contents = { config: this.config, results: this.results };
    await writeFileAtomic(fileIn(this.folder), prettyJson(contents));
  }

  /** Once the table has what was here. */
  async remove(): Promise<void> {
    await rm(fileIn(this.folder), { force: true });
  }
}

/** Without what is undefined, as the file has it. */
const asStored = (config: Contents['config']) =>
  JSON.parse(JSON.stringify(config)) as Contents['config'];

const fileIn = (folder: RunFolder): string => join(folder.path, 'unfinished.json');
