import { joined } from './bytes.js';
import { formatError } from './checks.js';
import { type DecodedAudio, joinAudio } from './decoded-audio.js';
import { quietly, startDecoder } from './decoder-library.js';
import { type MpegRun, readMpegRuns } from './mpeg-frames.js';

/**
 * Decodes an MP3 file, without what the encoder added at the beginning and the end where it says
 * how much. Of files that were appended to each other, each is decoded as it would be alone.
 *
 * @internal
 * @param start where the first frame is
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT, INTERNAL
 */
export async function decodeMp3(
  bytes: Uint8Array,
  start: number,
  name: string,
): Promise<DecodedAudio> {
  const parts: DecodedAudio[] = [];
  for (const run of readMpegRuns(bytes, start, name)) parts.push(await decodeRun(run, name));
  return joinAudio(parts, name);
}

async function decodeRun(run: MpegRun, name: string): Promise<DecodedAudio> {
  const decoder = await startDecoder('mp3', async ({ MPEGDecoder }) => {
    const started = new MPEGDecoder();
    await started.ready;
    return started;
  });
  try {
    const { errors, channelData, samplesDecoded, sampleRate } = quietly(() =>
      decoder.decode(Buffer.from(joined(run.frames))),
    );
    if (errors.length > 0) throw new Error(errors[0]?.message);
    const least = run.samples - run.padding;
    if (sampleRate !== run.sampleRate || samplesDecoded > run.samples || samplesDecoded < least) {
      throw new Error(`${samplesDecoded} samples instead of ${least} at ${run.sampleRate} Hz`);
    }
    const channels = channelData.slice(0, run.channels).map((samples) => new Float32Array(samples));
    return { channels, sampleRate };
  } catch (error) {
    throw formatError(name, `its MP3 frames cannot be decoded (${error}): it is damaged.`, error);
  } finally {
    decoder.free();
  }
}
