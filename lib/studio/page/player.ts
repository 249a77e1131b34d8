import { signal } from '@preact/signals';
import { say } from './problems.js';

/** Seconds in which one sound fades into the other. */
const FADE = 0.012;

interface Playing {
  readonly node: AudioBufferSourceNode;
  readonly gain: GainNode;
}

/**
 * Plays one of several sounds of one length, and goes from one to another at the position where it
 * is, so that an ear can compare them.
 */
class Player {
  readonly playing = signal(false);
  readonly loop = signal(true);
  /** What is heard. */
  readonly name = signal<string | undefined>(undefined);
  #context: AudioContext | undefined;
  #now: Playing | undefined;
  #samples: Float32Array | undefined;
  #rate = 1;
  /** Seconds of the sound at `#since` of the context's clock. */
  #position = 0;
  #since = 0;

  get duration(): number {
    return (this.#samples?.length ?? 0) / this.#rate;
  }

  /** Seconds from the beginning of the sound. */
  get position(): number {
    if (!this.playing.value || this.#context === undefined) return this.#position;
    const at = this.#position + Math.max(0, this.#context.currentTime - this.#since);
    if (this.duration === 0) return 0;
    return this.loop.value ? at % this.duration : Math.min(at, this.duration);
  }

  /** Chooses what is heard, from here on. */
  choose(name: string, samples: Float32Array, rate: number): void {
    const other = samples.length !== this.#samples?.length || rate !== this.#rate;
    const position = other ? 0 : this.position;
    [this.#samples, this.#rate] = [samples, rate];
    this.name.value = name;
    this.#position = position;
    if (this.playing.value) this.#start();
  }

  async play(): Promise<void> {
    if (this.#samples === undefined) return;
    this.#context ??= new AudioContext();
    await this.#context.resume();
    if (this.#position >= this.duration - 1e-3) this.#position = 0;
    this.playing.value = true;
    this.#start();
  }

  pause(): void {
    this.#position = this.position;
    this.playing.value = false;
    this.#fadeOut();
  }

  toggle(): void {
    if (this.playing.value) this.pause();
    else void this.play();
  }

  seek(position: number): void {
    this.#position = Math.max(0, Math.min(position, this.duration));
    if (this.playing.value) this.#start();
  }

  setLoop(loop: boolean): void {
    this.#position = this.position;
    this.loop.value = loop;
    if (this.playing.value) this.#start();
  }

  #start(): void {
    const [context, samples] = [this.#context, this.#samples];
    if (context === undefined || samples === undefined) return;
    let buffer: AudioBuffer;
    try {
      buffer = context.createBuffer(1, samples.length, this.#rate);
    } catch {
      this.playing.value = false;
      say(`The browser plays no sound of ${this.#rate} Hz; choose another rate to listen.`);
      return;
    }
    buffer.copyToChannel(samples as Float32Array<ArrayBuffer>, 0);
    const node = new AudioBufferSourceNode(context, { buffer, loop: this.loop.value });
    const gain = new GainNode(context, { gain: 0 });
    node.connect(gain).connect(context.destination);
    this.#fadeOut();
    const now = context.currentTime;
    gain.gain.linearRampToValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(1, now + FADE);
    node.start(now, this.#position);
    this.#since = now;
    this.#now = { node, gain };
    node.onended = () => {
      if (this.#now?.node !== node || this.loop.value) return;
      this.#position = 0;
      this.playing.value = false;
    };
  }

  #fadeOut(): void {
    if (this.#now === undefined || this.#context === undefined) return;
    const { node, gain } = this.#now;
    this.#now = undefined;
    const now = this.#context.currentTime;
    gain.gain.cancelScheduledValues(now);
    gain.gain.setValueAtTime(gain.gain.value, now);
    gain.gain.linearRampToValueAtTime(0, now + FADE);
    node.stop(now + FADE);
  }
}

export const player = new Player();
