import { type Signal, signal } from '@preact/signals';

/** What is being recorded. */
export const recording = signal<{ readonly seconds: Signal<number> } | undefined>(undefined);

let stop: (() => void) | undefined;

export function stopRecording(): void {
  stop?.();
}

/** Seconds after which a recording ends by itself. */
const LONGEST = 60;

/**
 * Records from the microphone until it is stopped, and brings it as a wav: what browsers record is
 * in containers of their own.
 */
export async function recordSound(
  bring: (file: Blob, name: string) => Promise<void>,
): Promise<void> {
  const stream = await navigator.mediaDevices
    .getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    })
    .catch(() => {
      throw new Error(
        'The microphone cannot be used: there is none, or the browser was not allowed to. Allow it beside the address, or choose a file.',
      );
    });
  const recorder = new MediaRecorder(stream);
  const parts: Blob[] = [];
  const begin = performance.now();
  const seconds = signal(0);
  recording.value = { seconds };
  const timer = setInterval(() => {
    seconds.value = (performance.now() - begin) / 1000;
    if (seconds.value > LONGEST) stopRecording();
  }, 100);
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise<void>((done) => {
    recorder.onstop = () => done();
  });
  stop = () => recorder.state !== 'inactive' && recorder.stop();
  recorder.start();
  await stopped;
  clearInterval(timer);
  for (const track of stream.getTracks()) track.stop();
  recording.value = undefined;
  const context = new AudioContext();
  try {
    const sound = await context.decodeAudioData(await new Blob(parts).arrayBuffer());
    await bring(wavOf(sound), `microphone-${new Date().toISOString().slice(11, 19)}.wav`);
  } finally {
    await context.close();
  }
}

/** A wav of one channel in float32. */
function wavOf(sound: AudioBuffer): Blob {
  const samples = sound.getChannelData(0);
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
  header.setUint32(24, sound.sampleRate, true);
  header.setUint32(28, sound.sampleRate * 4, true);
  header.setUint16(32, 4, true);
  header.setUint16(34, 32, true);
  text(38, 'fact');
  header.setUint32(42, 4, true);
  header.setUint32(46, samples.length, true);
  text(50, 'data');
  header.setUint32(54, samples.byteLength, true);
  return new Blob([header, samples as Float32Array<ArrayBuffer>]);
}
