/**
 * The same recording (audio-lena, a dev dependency) in every format: 541 184 samples at 44 100 Hz.
 */
export async function lena(
  extension: 'wav' | 'flac' | 'mp3' | 'ogg' | 'opus',
): Promise<Uint8Array> {
  const { default: bytes } = await import(`audio-lena/${extension}`);
  return new Uint8Array(bytes as ArrayBuffer);
}
