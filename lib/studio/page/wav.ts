/** A wav of one channel in float32. */
export function wavOf(samples: Float32Array, sampleRate: number): Blob {
  const header = new DataView(new ArrayBuffer(58));
  const text = (at: number, word: string) => {
    for (const [i, letter] of [...word].entries()) header.setUint8(at + i, letter.charCodeAt(0));
  };
  text(0, 'RIFF');
  header.setUint32(4, 50 + samples.byteLength, true);
  text(8, 'WAVEfmt ');
  header.setUint32(16, 18, true);
  header.setUint16(20, 3, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * 4, true);
  header.setUint16(32, 4, true);
  header.setUint16(34, 32, true);
  text(38, 'fact');
  header.setUint32(42, 4, true);
  header.setUint32(46, samples.length, true);
  text(50, 'data');
  header.setUint32(54, samples.byteLength, true);
  return new Blob([header, samples as Float32Array<ArrayBuffer>]);
}
