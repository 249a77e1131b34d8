import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FewSoundError } from '../errors.js';
import type { CorpusKind } from './corpora/index.js';
import { MANIFEST, type Manifest, readManifest, type ShardRecord, type Split } from './manifest.js';
import { type BadFile, summarize } from './prepare-corpus.js';
import { SegmentStore, type ShardFile, ShardFiles, type StoredSegment } from './segment-store.js';

/** A prepared corpus, open for reading. */
export class PreparedCorpus {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly corpus: CorpusKind;
  /** Samples per second, Hz. */
  readonly sampleRate: number;
  /** Samples of every segment. */
  readonly segmentSamples: number;
  /** Seconds that were dropped at the beginning of every recording. */
  readonly skipSeconds: number;
  readonly train: SegmentStore;
  readonly validation: SegmentStore;
  /** Recordings that gave no segment, and why. */
  readonly badFiles: readonly BadFile[];
  /** SHA-256 over names, sizes and split of the recordings, wherever they lie. */
  readonly sourceDigest: string;
  readonly #manifest: Manifest;
  readonly #files = new ShardFiles();

  /** @internal Use {@link openCorpus}. */
  constructor(folder: string, manifest: Manifest) {
    const facts = summarize(manifest, folder);
    this.folder = folder;
    this.corpus = facts.corpus;
    this.sampleRate = facts.sampleRate;
    this.segmentSamples = facts.segmentSamples;
    this.badFiles = facts.badFiles;
    this.skipSeconds = manifest.settings.skipSeconds;
    this.sourceDigest = manifest.source.digest;
    this.#manifest = manifest;
    this.train = this.#store('train');
    this.validation = this.#store('validation');
  }

  /**
   * Compares every shard with the digest recorded when it was made.
   *
   * @throws FewSoundError FILE_FORMAT naming the first shard that differs; FILE_NOT_FOUND; IO
   */
  async verify(): Promise<void> {
    for (const shard of this.#manifest.shards.filter(({ segments }) => segments > 0)) {
      const { path } = this.#file(shard);
      const hash = createHash('sha256');
      await pipeline(createReadStream(path), hash).catch((cause: NodeJS.ErrnoException) => {
        throw new FewSoundError(
          cause.code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'IO',
          `${path}: the shard cannot be read (${cause.message}).`,
          { cause },
        );
      });
      if (hash.digest('hex') === shard.sha256) continue;
      throw new FewSoundError(
        'FILE_FORMAT',
        `${path}: the shard does not match its checksum. Remove it and prepare the corpus again into the same folder with the same settings.`,
      );
    }
  }

  /** Closes its files. Reads fail from then on. */
  async close(): Promise<void> {
    await this.#files.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #file({ file, segments }: ShardRecord): ShardFile {
    return { path: join(this.folder, file), bytes: segments * this.segmentSamples * 4 };
  }

  #store(split: Split): SegmentStore {
    const segments = this.#manifest.shards
      .filter((shard) => shard.split === split)
      .flatMap((record) => storedSegments(record, this.#file(record), this.segmentSamples));
    return new SegmentStore(segments, this, this.#files);
  }
}

function storedSegments(
  { files }: ShardRecord,
  shard: ShardFile,
  segmentSamples: number,
): StoredSegment[] {
  const segments: StoredSegment[] = [];
  for (const { name, group, starts, padded } of files) {
    for (const start of starts) {
      const samples = padded ?? segmentSamples;
      segments.push({ name, group, start, samples, shard, place: segments.length });
    }
  }
  return segments;
}

/**
 * Opens a prepared corpus. Only its manifest is read; shards are read segment by segment.
 *
 * @param folder the `out` of {@link prepareCorpus}
 * @throws FewSoundError FILE_NOT_FOUND where it does not exist or is unfinished; FILE_FORMAT; IO
 */
export async function openCorpus(folder: string): Promise<PreparedCorpus> {
  const absolute = resolve(folder);
  const manifest = await readManifest(join(absolute, MANIFEST)).catch((error: FewSoundError) => {
    if (error.code !== 'FILE_NOT_FOUND') throw error;
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${absolute} has no ${MANIFEST}: it is not a prepared corpus, or its preparation is unfinished. Create or finish it with prepareCorpus() or \`fewsound prepare\`.`,
      { cause: error },
    );
  });
  return new PreparedCorpus(absolute, manifest);
}
