import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCorpus, prepareCorpus, TrainingBatches } from '../../lib/data';
import { temporaryFolder } from '../nn/temporary-folder';

const shared = join(__dirname, '..', '..', '..', 'shared', 'data');
const testShared = existsSync(shared) ? test : test.skip;
const at = temporaryFolder();

// Real recordings beside the project, which a user's machine does not have.
testShared(
  'real recordings of LJ Speech become segments (skipped without ../shared/data)',
  async () => {
    const out = at('ljspeech');
    const folder = join(shared, 'ljspeech');
    const result = await prepareCorpus({ corpus: 'ljspeech', folder, out, workers: 0 });
    expect(result.train.segments).toBeGreaterThan(result.train.files);
    expect(result.validation.segments).toBeGreaterThan(0);
    const corpus = await openCorpus(out);
    const batch = await new TrainingBatches({ store: corpus.train }).batch(0, 0, 16);
    expect(batch.length).toBe(16 * 32_768);
    await corpus.close();
  },
);

testShared(
  'spoken digits of half a second are kept where they are padded (skipped without ../shared/data)',
  async () => {
    const result = await prepareCorpus({
      corpus: 'folder',
      folder: join(shared, 'fsdd'),
      out: at('fsdd'),
      sampleRate: 8000,
      skipSeconds: 0,
      segmentSamples: 8192,
      short: 'pad',
      workers: 0,
    });
    expect(result.badFiles).toEqual([]);
    expect(result.train.files + result.validation.files).toBeGreaterThan(1000);
  },
);
