import { signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { RunState } from '../protocol.js';
import { Canvas } from './canvas.js';
import { Inside } from './inside.js';
import { attempt, post } from './server.js';
import { drawDifference, drawLevels, loudest } from './spectrogram.js';
import type { RunView } from './state.js';
import { isDark } from './theme.js';
import { blind, hear, shown } from './voices.js';
import { colorOf, drawShapes, shapeOf } from './waveform.js';
import { Zoom } from './zoom.js';

/** What a status is called. */
const WORDS: Readonly<Record<RunState['status'], string>> = {
  waiting: 'waits for its turn',
  measuring: 'measures its speed',
  learning: 'learns',
  pausing: 'pauses',
  paused: 'paused',
  writing: 'writes its files',
  done: 'has learned',
  failed: 'failed',
};

/** What of the metrics stands on the card; the report has them all. */
const METRICS: readonly [name: string, label: string, digits: number][] = [
  ['siSnr', 'SI-SNR, dB', 2],
  ['pesq', 'PESQ', 2],
  ['stoi', 'STOI', 3],
  ['lsd', 'LSD, dB', 2],
];

export function RunCard({ view }: { view: RunView }) {
  const state = view.state.value;
  const { status, label, recording, error, warnings, samples, sampleRate } = state;
  return (
    <article class={`card c${view.color}`} aria-label={`${label}, ${recording}`}>
      <header>
        <h3>
          <i class="dot" aria-hidden="true" />
          {label}
        </h3>
        <p class="remark">
          {recording}
          {samples !== undefined && ` · ${(samples / (sampleRate ?? 1)).toFixed(2)} s`}
          {state.parameters !== undefined &&
            ` · ${state.parameters.toLocaleString('en')} parameters`}
        </p>
        <p class={`status ${status}`}>{WORDS[status]}</p>
      </header>
      {error !== undefined && status === 'failed' && (
        <p class="failure" role="alert">
          {error}
        </p>
      )}
      {warnings.map((text) => (
        <p class="warning" key={text}>
          {text}
        </p>
      ))}
      <Progress view={view} />
      <Pictures view={view} />
      <Actions view={view} />
      <More view={view} />
    </article>
  );
}

/** `1:05` */
const clock = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

function Progress({ view }: { view: RunView }) {
  const { status, metrics } = view.state.value;
  const course = view.course.value;
  if (course === undefined) {
    return <progress aria-label="Progress" {...(status === 'waiting' ? { value: 0 } : {})} />;
  }
  const { step, steps, loss, siSnr, secondsLeft, seconds, stepsPerSecond } = course;
  const running = status === 'learning' || status === 'pausing';
  const left = Number.isFinite(secondsLeft) ? Math.ceil(secondsLeft) : 0;
  const number = (value: number | null | undefined, digits: number) =>
    value === null || value === undefined ? '–' : value.toFixed(digits);
  const numbers: [string, string][] =
    metrics !== undefined && !running
      ? [
          ...METRICS.filter(([name]) => metrics[name] !== undefined).map(
            ([name, text, digits]): [string, string] => [text, number(metrics[name], digits)],
          ),
          ['steps', step.toLocaleString('en')],
          ['time', clock(seconds)],
        ]
      : [
          ['SI-SNR, dB', number(siSnr, 2)],
          ['loss', loss.toPrecision(3)],
          ['step', `${step.toLocaleString('en')} / ${steps.toLocaleString('en')}`],
          running ? ['left', clock(left)] : ['time', clock(seconds)],
          ['steps/s', stepsPerSecond.toFixed(1)],
        ];
  return (
    <>
      {status !== 'done' && <progress aria-label="Progress" max={steps} value={step} />}
      <dl class="numbers">
        {numbers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Pictures({ view }: { view: RunView }) {
  const [original, present] = [view.original.value, view.present.value];
  const { label } = view.state.value;
  const shape = useMemo(() => original && shapeOf(original.samples, 700), [original]);
  const level = useMemo(() => original && loudest(original.levels), [original]);
  if (original === undefined || shape === undefined || level === undefined) return null;
  const now = present && present.samples.length === original.samples.length ? present : undefined;
  return (
    <div class="pictures">
      <figure class="wide">
        <figcaption>
          Waveform <span class="key over">now</span> <span class="key under">original</span>
        </figcaption>
        <Canvas
          class="wave"
          label={`Waveform of ${label} over the original`}
          of={[shape, now]}
          draw={(canvas) =>
            drawShapes(canvas, [
              { shape, color: colorOf('--wave') },
              ...(now
                ? [{ shape: shapeOf(now.samples, 700), color: colorOf(`--over-${view.color}`) }]
                : []),
            ])
          }
        />
      </figure>
      <figure>
        <figcaption>Original</figcaption>
        <Canvas
          label="Spectrogram of the original"
          of={[original]}
          draw={(canvas) => drawLevels(canvas, original.levels, level)}
        />
      </figure>
      <figure>
        <figcaption>Now</figcaption>
        {now ? (
          <Canvas
            label={`Spectrogram of ${label}`}
            of={[now]}
            draw={(canvas) => drawLevels(canvas, now.levels, level)}
          />
        ) : (
          <div class="empty" />
        )}
      </figure>
      <figure>
        <figcaption>
          Difference
          <span class="key less" title="quieter than the original">
            −
          </span>
          <span class="key more" title="louder than the original">
            +
          </span>
        </figcaption>
        {now ? (
          <Canvas
            label="Difference of the spectrograms: where it is quieter or louder than the original"
            of={[now]}
            draw={(canvas) =>
              drawDifference(canvas, now.levels, original.levels, level, isDark())
            }
          />
        ) : (
          <div class="empty" />
        )}
      </figure>
    </div>
  );
}

function Actions({ view }: { view: RunView }) {
  const { id, status, ours, label } = view.state.value;
  const act = (what: string) => () =>
    attempt(() => post(`/api/runs/${encodeURIComponent(id)}/${what}`));
  const active = ['waiting', 'measuring', 'learning'].includes(status);
  const ready = view.present.value !== undefined;
  const playing = shown.value === view.id;
  return (
    <div class="actions">
      <button
        type="button"
        class={playing ? 'primary' : ''}
        disabled={!ready || blind.value !== undefined}
        aria-pressed={playing}
        onClick={() => hear(view, view.id)}
      >
        ▶ Listen<span class="unseen"> to {label}</span>
      </button>
      {ours && active && (
        <button type="button" onClick={act('pause')}>
          Pause
        </button>
      )}
      {ours && (status === 'paused' || status === 'failed') && (
        <button type="button" onClick={act('go-on')}>
          Go on
        </button>
      )}
      {ours && (status === 'learning' || status === 'paused') && (
        <button type="button" disabled={view.course.value === undefined} onClick={act('keep')}>
          Stop and keep
        </button>
      )}
      {ours && status !== 'writing' && (
        <button type="button" class="quiet" onClick={act('remove')}>
          {status === 'done' ? 'Put away' : 'Discard'}
        </button>
      )}
    </div>
  );
}

function More({ view }: { view: RunView }) {
  const { id, status, ours, command, program } = view.state.value;
  const path = `/api/runs/${encodeURIComponent(id)}/files`;
  return (
    <>
      {ours && status === 'done' && (
        <>
          <p class="downloads">
            <a href={`${path}/report`} target="_blank" rel="noopener">
              Report
            </a>
            <a href={`${path}/reconstruction`}>Sound (wav)</a>
            <a href={`${path}/model`}>Model (safetensors)</a>
            <a href={`${path}/config`}>Settings</a>
            <a href={`${path}/log`}>Log</a>
          </p>
          <Zoom view={view} />
        </>
      )}
      {view.original.value !== undefined && <Inside view={view} />}
      {command !== undefined && (
        <details class="same">
          <summary>The same without this page</summary>
          <Copyable title="On the command line" text={command} />
          {program !== undefined && <Copyable title="In TypeScript" text={program} />}
        </details>
      )}
    </>
  );
}

function Copyable({ title, text }: { title: string; text: string }) {
  const copied = useMemo(() => signal(false), []);
  return (
    <div class="copyable">
      <p>
        {title}
        <button
          type="button"
          class="quiet"
          onClick={() =>
            attempt(async () => {
              await navigator.clipboard.writeText(text);
              copied.value = true;
              setTimeout(() => {
                copied.value = false;
              }, 1500);
            })
          }
        >
          {copied.value ? 'Copied' : 'Copy'}
        </button>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre tabindex={0}>{text}</pre>
    </div>
  );
}
