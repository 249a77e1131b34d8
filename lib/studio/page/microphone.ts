import { type Signal, signal } from '@preact/signals';
import { wavOf } from './wav.js';

/** What is being recorded. */
export const recording = signal<{ readonly seconds: Signal<number> } | undefined>(undefined);

let stop: (() => void) | undefined;
/** Whether one has begun, or the person is being asked. */
let begun = false;

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
  if (begun) return;
  begun = true;
  try {
    await record(bring);
  } finally {
    begun = false;
    recording.value = undefined;
  }
}

async function record(bring: (file: Blob, name: string) => Promise<void>): Promise<void> {
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
    const recorded = await new Blob(parts).arrayBuffer();
    const sound = await context.decodeAudioData(recorded).catch(() => {
      throw new Error('Nothing has been recorded. Record again, for longer.');
    });
    await bring(
      wavOf(sound.getChannelData(0), sound.sampleRate),
      `microphone-${new Date().toISOString().slice(11, 19)}.wav`,
    );
  } finally {
    await context.close();
  }
}
