import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { RecordingShape, Stretch } from '../protocol.js';
import { Canvas } from './canvas.js';
import { recordSound, recording as recordingNow, stopRecording } from './microphone.js';
import { isWrong, Mistake, mistake } from './mistakes.js';
import { bringModel, isModel } from './models.js';
import { player } from './player.js';
import { plucked } from './plucked.js';
import { say } from './problems.js';
import { attempt, get, getSamples, post } from './server.js';
import { facts, recordings } from './state.js';
import { colorOf, drawShapes } from './waveform.js';

/** The recording that is shown, and the stretch of it that is to be learned. */
export const sound = signal<RecordingShape | undefined>(undefined);
export const stretch = signal<Stretch>({
  ...{ offset: 0, samples: 32_768, sampleRate: 22_050, channel: 'mix' },
});

const busy = signal<string | undefined>(undefined);

/** Samples that the networks' sizes are made for: the papers' clips. */
const USUAL_SAMPLES = 32_768;
/** What the server calls the fields of the stretch. */
const OFFSET = ['offset', 'stretch.offset'];
const LENGTH = ['samples', 'stretch.samples', 'clip'];
const RATES = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

function show(shape: RecordingShape): void {
  sound.value = shape;
  const sampleRate = Math.min(22_050, shape.sampleRate);
  const all = Math.floor(shape.duration * sampleRate);
  const samples = Math.max(1, Math.min(USUAL_SAMPLES, all));
  stretch.value = { offset: 0, samples, sampleRate, channel: 'mix' };
}

/** Brings a file to the studio. */
async function bring(file: Blob, name: string): Promise<void> {
  const { uploadLimit = Number.POSITIVE_INFINITY } = facts.value ?? {};
  if (file.size > uploadLimit) {
    say(`${name} is larger than ${Math.round(uploadLimit / 1e6)} MB. Cut out the part to learn.`);
    return;
  }
  busy.value = `Reading ${name} …`;
  await attempt(async () => {
    show(await post<RecordingShape>(`/api/recordings?name=${encodeURIComponent(name)}`, file));
  });
  busy.value = undefined;
}

async function open(id: string): Promise<void> {
  busy.value = 'Reading …';
  await attempt(async () => show(await get<RecordingShape>(`/api/recordings/${id}`)));
  busy.value = undefined;
}

async function listen(): Promise<void> {
  const [recording, { offset, samples, sampleRate, channel }] = [sound.value, stretch.value];
  if (recording === undefined) return;
  await attempt(async () => {
    const query = new URLSearchParams(
      Object.entries({ offset, samples, sampleRate, channel }).map(([name, value]) => [
        name,
        String(value),
      ]),
    );
    const clip = await getSamples(`/api/recordings/${recording.id}/clip?${query}`);
    player.choose('stretch', clip.samples, sampleRate);
    player.seek(0);
    await player.play();
  });
}

export function SoundPanel() {
  const shape = sound.value;
  const known = recordings.value;
  // What the studio was opened with is shown at once.
  useEffect(() => {
    const first = known.at(-1);
    if (shape === undefined && first !== undefined && busy.value === undefined) void open(first.id);
  }, [known.length > 0]);
  return (
    <section class="panel" aria-labelledby="sound">
      <h2 id="sound">1 · Sound</h2>
      <DropZone />
      {busy.value !== undefined && (
        <p class="busy" role="status">
          {busy.value}
        </p>
      )}
      {known.length > 1 && (
        <label class="field">
          Recording
          <select value={shape?.id} onChange={({ currentTarget }) => open(currentTarget.value)}>
            {known.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {shape !== undefined && <StretchEditor shape={shape} />}
    </section>
  );
}

function DropZone() {
  const input = useRef<HTMLInputElement>(null);
  const over = signal(false);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file && isModel(file.name)) void bringModel(file, file.name, sound.peek()?.id);
    else if (file) void bring(file, file.name);
  };
  // A file that misses the zone must not take the page away.
  useEffect(() => {
    const ignore = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      take(event.dataTransfer?.files);
    };
    addEventListener('dragover', ignore);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', ignore);
      removeEventListener('drop', drop);
    };
  }, []);
  return (
    <div class={over.value ? 'drop over' : 'drop'}>
      <p>Drop a recording here, or a model to look into</p>
      <div class="actions">
        <button type="button" onClick={() => input.current?.click()}>
          Choose a file
        </button>
        {recordingNow.value ? (
          <button type="button" class="recording" onClick={stopRecording}>
            Stop · {recordingNow.value.seconds.value.toFixed(1)} s
          </button>
        ) : (
          <button type="button" onClick={() => attempt(() => recordSound(bring))}>
            Record
          </button>
        )}
        <button type="button" onClick={() => bring(plucked(), 'plucked-strings.wav')}>
          Try plucked strings
        </button>
      </div>
      <input
        ref={input}
        class="unseen"
        type="file"
        accept="audio/*,.wav,.flac,.mp3,.ogg,.opus,.au,.safetensors,.pt,.pth"
        aria-label="A recording or a model"
        tabindex={-1}
        onChange={({ currentTarget }) => {
          take(currentTarget.files);
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

function StretchEditor({ shape }: { shape: RecordingShape }) {
  const { offset, samples, sampleRate, channel } = stretch.value;
  const seconds = samples / sampleRate;
  const change = (change: Partial<Stretch>) => {
    const next = { ...stretch.value, ...change };
    const most = Math.floor(shape.duration * next.sampleRate);
    const count = Math.max(1, Math.min(Math.round(next.samples), most));
    const last = Math.max(0, shape.duration - count / next.sampleRate);
    const from = Math.round(Math.max(0, Math.min(next.offset, last)) * 1e4) / 1e4;
    stretch.value = { ...next, samples: count, offset: from };
    if (isWrong(...OFFSET, ...LENGTH)) mistake.value = undefined;
  };
  const rates = [...new Set([...RATES.filter((rate) => rate < shape.sampleRate), shape.sampleRate])];
  return (
    <>
      <p class="facts">
        <b>{shape.name}</b> · {shape.duration.toFixed(2)} s · {shape.sampleRate} Hz ·{' '}
        {shape.channels === 1 ? 'mono' : `${shape.channels} channels`}
      </p>
      <Chooser shape={shape} change={change} />
      <div class="fields">
        <label class="field">
          From, s
          <input
            type="number"
            min={0}
            max={shape.duration}
            step={0.01}
            value={offset}
            aria-invalid={isWrong(...OFFSET)}
            onChange={({ currentTarget }) => change({ offset: currentTarget.valueAsNumber || 0 })}
          />
          <Mistake of={OFFSET} />
        </label>
        <label class="field">
          Length, s
          <input
            type="number"
            min={0.05}
            max={shape.duration}
            step={0.01}
            value={seconds.toFixed(3)}
            aria-invalid={isWrong(...LENGTH)}
            onChange={({ currentTarget }) =>
              change({ samples: (currentTarget.valueAsNumber || seconds) * sampleRate })
            }
          />
          <Mistake of={LENGTH} />
        </label>
        <label class="field">
          Rate, Hz
          <select
            value={sampleRate}
            onChange={({ currentTarget }) => {
              const rate = Number(currentTarget.value);
              change({ sampleRate: rate, samples: Math.min(seconds * rate, 2 ** 20) });
            }}
          >
            {rates.map((rate) => (
              <option key={rate} value={rate}>
                {rate}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Channel
          <select
            value={String(channel)}
            onChange={({ currentTarget: { value } }) =>
              change({ channel: value === 'mix' ? 'mix' : Number(value) })
            }
          >
            <option value="mix">all, mixed</option>
            {Array.from({ length: shape.channels === 1 ? 0 : shape.channels }, (_, index) => (
              <option key={index} value={index}>
                {index + 1}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="actions">
        <button type="button" onClick={listen}>
          ▶ Play the stretch
        </button>
        <span class="remark">
          {samples.toLocaleString('en')} samples
          {samples > 3 * USUAL_SAMPLES && ': long for one network, which will be slow and coarse'}
        </span>
      </div>
    </>
  );
}

/** The waveform; dragging marks the stretch, arrows move it. */
function Chooser({
  shape,
  change,
}: {
  shape: RecordingShape;
  change: (change: Partial<Stretch>) => void;
}) {
  const { offset, samples, sampleRate } = stretch.value;
  const length = samples / sampleRate;
  const anchor = useRef<{ at: number; moving: number | undefined } | undefined>(undefined);
  const timeAt = (event: PointerEvent) => {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width)) * shape.duration;
  };
  const percent = (seconds: number) => `${(100 * seconds) / shape.duration}%`;
  const peak = shape.greatest.reduce(
    (most, value, index) => Math.max(most, value, -(shape.least[index] ?? 0)),
    1e-6,
  );
  return (
    <div
      class="chooser"
      role="slider"
      tabindex={0}
      aria-label="Where the stretch begins; drag over the waveform to choose it"
      aria-valuemin={0}
      aria-valuemax={shape.duration}
      aria-valuenow={offset}
      aria-valuetext={`${offset.toFixed(2)} to ${(offset + length).toFixed(2)} seconds`}
      onKeyDown={(event) => {
        const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        if (way === undefined) return;
        event.preventDefault();
        const step = way * (shape.duration / 50);
        if (event.shiftKey) change({ samples: Math.max(64, samples + step * sampleRate) });
        else change({ offset: offset + step });
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = timeAt(event);
        const inside = at > offset && at < offset + length && length < 0.98 * shape.duration;
        anchor.current = { at, moving: inside ? at - offset : undefined };
      }}
      onPointerMove={(event) => {
        if (anchor.current === undefined) return;
        const { at, moving } = anchor.current;
        const now = timeAt(event);
        if (moving !== undefined) change({ offset: now - moving });
        else if (Math.abs(now - at) > 0.01 * shape.duration) {
          change({ offset: Math.min(at, now), samples: Math.abs(now - at) * sampleRate });
        }
      }}
      onPointerUp={() => {
        anchor.current = undefined;
      }}
    >
      <Canvas
        label={`Waveform of ${shape.name}`}
        of={[shape]}
        draw={(canvas) => drawShapes(canvas, [{ shape, color: colorOf('--wave') }], peak)}
      />
      <div class="chosen" style={{ left: percent(offset), width: percent(length) }} />
    </div>
  );
}
