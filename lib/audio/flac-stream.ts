import { hasText, skipId3 } from './audio-format.js';
import { formatError } from './checks.js';

/** What the STREAMINFO block of a FLAC stream says. */
export interface FlacStreamInfo {
  readonly bitsPerSample: number;
  /** Samples of each channel, null when the encoder did not know. */
  readonly totalSamples: number | null;
}

/**
 * Reads STREAMINFO (RFC 9639, section 8.2), in a file of its own or inside Ogg.
 *
 * @internal
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT when the block is not there in full
 */
export function readFlacStreamInfo(bytes: Uint8Array, ogg: boolean, name: string): FlacStreamInfo {
  // In Ogg the first packet has 9 bytes of its own before the marker 'fLaC'.
  const marker = ogg ? 27 + (bytes[26] ?? 0) + 9 : skipId3(bytes);
  const start = marker + 8;
  if (!hasText(bytes, 'fLaC', marker) || bytes.length < start + 34) {
    throw formatError(name, 'its FLAC header is not complete: the file is cut short.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 34);
  const bitsPerSample = ((view.getUint16(12) >> 4) & 0x1f) + 1;
  const totalSamples = (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14);
  return { bitsPerSample, totalSamples: totalSamples === 0 ? null : totalSamples };
}

/**
 * Checks that all the samples that the header promises were decoded, and puts them on the scale of
 * `decodeWav`: the library divides integers by 2^(bits-1) - 1, here it is 2^(bits-1).
 *
 * @internal
 * @throws FewSoundError FILE_FORMAT when samples are missing
 */
export function finishFlac(channels: Float32Array[], info: FlacStreamInfo, name: string): void {
  const { bitsPerSample, totalSamples } = info;
  const decoded = channels[0]?.length ?? 0;
  if (totalSamples !== null && decoded !== totalSamples) {
    throw formatError(
      name,
      `its FLAC header promises ${totalSamples} samples, but ${decoded} could be decoded. ` +
        'The file is cut short or damaged.',
    );
  }
  const libraryScale = 2 ** (bitsPerSample - 1) - 1;
  const scale = 2 ** (bitsPerSample - 1);
  for (const samples of channels) {
    for (let i = 0; i < samples.length; i++) {
      samples[i] = Math.round((samples[i] as number) * libraryScale) / scale;
    }
  }
}
