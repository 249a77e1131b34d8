import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FewSoundError } from '../errors.js';
import { makeFolder, writeFileAtomic } from '../files.js';
import type { Analysis, AnalyzeCommand } from './commands.js';
import type { ModelFacts } from './protocol.js';
import { placeFor } from './recordings.js';

/** Bytes of a model that is brought: its layers are taken apart in float64. */
export const MODEL_LIMIT = 100_000_000;

/** Seconds of a recording that a model listens to. */
const LISTENED = 10;

/** Models that were brought to be looked into: what `fewsound analyze` makes of them. */
export class Models {
  readonly #known = new Map<string, ModelFacts>();
  readonly #reports = new Map<string, string>();
  /** One after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param folder for models, and for a folder with the reports of each */
  constructor(
    private readonly folder: string,
    private readonly analyze: AnalyzeCommand,
  ) {}

  get list(): ModelFacts[] {
    return [...this.#known.values()];
  }

  /**
   * Analyzes a model: its layers, and where it listens to waveforms its filters too, and how they
   * respond to a recording.
   *
   * @throws FewSoundError where the bytes are no model; nothing is kept then
   */
  bring(name: string, bytes: Uint8Array, recording: string | undefined): Promise<ModelFacts> {
    const work = () => this.#bring(name, bytes, recording);
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** @throws FewSoundError FILE_NOT_FOUND */
  report(id: string, analysis: string): string {
    const path = this.#reports.get(`${id}/${analysis}`);
    if (path !== undefined) return path;
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      'There is no such report here; bring the model again.',
    );
  }

  async #bring(
    name: string,
    bytes: Uint8Array,
    recording: string | undefined,
  ): Promise<ModelFacts> {
    await makeFolder(this.folder);
    const path = await placeFor(this.folder, name, bytes, '.safetensors');
    await writeFileAtomic(path, bytes);
    const id = basename(path).replaceAll('.', '-');
    const analyses: ModelFacts['analyses'][number][] = [];
    const remarks: string[] = [];
    const run = async (analysis: Analysis, others: Parameters<AnalyzeCommand>[3] = {}) => {
      const out = join(this.folder, id, analysis);
      const found = await this.analyze(analysis, path, out, others);
      this.#reports.set(`${id}/${analysis}`, found.report);
      analyses.push({
        analysis,
        of: recording && analysis === 'spectra' ? basename(recording) : '',
      });
      return found;
    };
    try {
      await run('geometry');
    } catch (error) {
      await rm(path, { force: true });
      throw this.#named(error);
    }
    try {
      const { sampleRate = 0 } = await run('wigner');
      if (recording === undefined)
        remarks.push('Bring a sound, and then the model again, to see how it responds.');
      else await run('spectra', { recording, sampleRate, samples: LISTENED * sampleRate });
    } catch (error) {
      // A model that reads no waveform has no filters; its layers are worth seeing all the same.
      remarks.push(this.#named(error).message);
    }
    const facts = { id, name: basename(path), analyses, remarks };
    this.#known.set(id, facts);
    return facts;
  }

  /** The error without the folders of this machine. */
  #named(error: unknown): Error {
    if (!(error instanceof FewSoundError)) return error as Error;
    const { code, message, field } = error;
    const text = message.replaceAll(join(this.folder, '/'), '');
    return new FewSoundError(code, text, { cause: error, ...(field !== undefined && { field }) });
  }
}
