import { batch, type Signal, signal } from '@preact/signals';
import type { Course, Curve, RunState, Snapshot, StudioEvents } from '../protocol.js';
import { getSamples } from './server.js';
import { type Levels, levelsOf } from './spectrogram.js';

/** A run as the page shows it; what changes often has a signal of its own. */
export interface RunView {
  readonly id: string;
  /** Its place among the colors. */
  readonly color: number;
  readonly state: Signal<RunState>;
  readonly course: Signal<Course | undefined>;
  readonly curve: Curve;
  /** Counts what was added to the curve and may be drawn. */
  readonly drawn: Signal<number>;
  /** What it learns, and what it sounds like. */
  readonly original: Signal<Sound | undefined>;
  readonly present: Signal<Sound | undefined>;
  /** Looks inside, where somebody wants it now; what was found is shown by the function. */
  look?: (() => Promise<() => void> | undefined) | undefined;
  /** What it sounds like without some of its edges. */
  readonly without: Signal<{ readonly samples: Float32Array } | undefined>;
}

/** Samples and their picture. */
export interface Sound {
  readonly samples: Float32Array;
  readonly levels: Levels;
}

export const facts = signal<Omit<Snapshot, 'runs' | 'recordings' | 'models'> | undefined>(
  undefined,
);
export const recordings = signal<Snapshot['recordings']>([]);
export const models = signal<Snapshot['models']>([]);
export const runs = signal<readonly RunView[]>([]);
/** Whether the server is there. */
export const connected = signal(true);

let colors = 0;

/**
 * Milliseconds between two pictures, at least: the server tells of four steps a second. Of each
 * network there are fewer where several learn.
 */
const INTERVAL = 150;

/** Where runs are, until it is shown. */
const courses = new Map<RunView, Course>();

/** Listens to the server; the browser connects again by itself. */
export function listen(): void {
  const events = new EventSource('/events');
  const on = <Name extends keyof StudioEvents>(
    name: Name,
    hear: (value: StudioEvents[Name]) => void,
  ) => {
    events.addEventListener(name, ({ data }: MessageEvent<string>) => hear(JSON.parse(data)));
  };
  events.onopen = () => {
    connected.value = true;
  };
  events.onerror = () => {
    connected.value = false;
  };
  on('snapshot', ({ runs: told, recordings: known, models: brought, ...others }) => {
    facts.value = others;
    recordings.value = known;
    models.value = brought;
    runs.value = told.map(({ curve, ...state }) => {
      const view = runs.value.find(({ id }) => id === state.id) ?? viewOf(state);
      replace(view.curve, curve);
      update(view, state);
      view.course.value = state.course;
      return view;
    });
  });
  on('run', (state) => {
    const known = runs.value.find(({ id }) => id === state.id);
    if (known === undefined) runs.value = [...runs.value, viewOf(state)];
    else update(known, state);
    if (facts.value === undefined) return;
    const earlier = facts.value.earlier.filter(({ id }) => id !== state.id);
    facts.value = { ...facts.value, earlier };
  });
  on('course', ({ id, ...course }) => {
    const view = runs.value.find((each) => each.id === id);
    if (view === undefined) return;
    const { curve } = view;
    // A wider network of the same recipe begins anew.
    if (course.step < (curve.step.at(-1) ?? 0)) replace(curve, { step: [], loss: [], siSnr: [] });
    curve.step.push(course.step);
    curve.loss.push(course.loss);
    curve.siSnr.push(course.siSnr);
    courses.set(view, course);
    void refresh(view);
  });
  on('gone', ({ id, earlier }) => {
    runs.value = runs.value.filter((each) => each.id !== id);
    if (facts.value !== undefined) facts.value = { ...facts.value, earlier };
  });
  on('model', (model) => {
    models.value = [model, ...models.value.filter(({ id }) => id !== model.id)];
  });
  on('recording', (recording) => {
    const others = recordings.value.filter(({ id }) => id !== recording.id);
    recordings.value = [...others, recording];
  });
}

function replace(curve: Curve, { step, loss, siSnr }: Curve): void {
  curve.step.splice(0, Number.POSITIVE_INFINITY, ...step);
  curve.loss.splice(0, Number.POSITIVE_INFINITY, ...loss);
  curve.siSnr.splice(0, Number.POSITIVE_INFINITY, ...siSnr);
}

function viewOf(state: RunState): RunView {
  const view: RunView = {
    id: state.id,
    color: colors++ % 6,
    state: signal(state),
    course: signal(state.course),
    curve: { step: [], loss: [], siSnr: [] },
    drawn: signal(0),
    original: signal(undefined),
    present: signal(undefined),
    without: signal(undefined),
  };
  update(view, state);
  return view;
}

function update(view: RunView, state: RunState): void {
  const before = view.state.peek();
  view.state.value = state;
  if (state.course !== undefined) {
    courses.delete(view);
    view.course.value = state.course;
  }
  view.drawn.value++;
  const rested = state.status === 'writing' || state.status === 'done' || state.status === 'paused';
  if (state.samples === undefined) return;
  if (rested && (before.status !== state.status || view.present.peek() === undefined)) {
    void refresh(view, true);
  } else if (view.original.peek() === undefined) {
    void refresh(view);
  }
}

/** Runs whose sound is being fetched, and whether to fetch it again. */
const fetching = new Map<RunView, boolean>();
const drawnAt = new WeakMap<RunView, number>();

/**
 * Fetches what a run sounds like, and shows it with all else that has changed: in one frame, for each
 * frame takes time from what learns, and no more often than it can be drawn beside the learning.
 */
async function refresh(view: RunView, surely = false): Promise<void> {
  const since = performance.now() - (drawnAt.get(view) ?? 0);
  const early = since < INTERVAL * Math.max(1, learning());
  if (!surely && (document.hidden || early)) return;
  if (fetching.has(view)) {
    fetching.set(view, surely || fetching.get(view) === true);
    return;
  }
  fetching.set(view, false);
  drawnAt.set(view, performance.now());
  try {
    const { sampleRate = 1 } = view.state.peek();
    const path = `/api/runs/${encodeURIComponent(view.id)}`;
    const hear = async (which: string): Promise<Sound> => {
      const { samples } = await getSamples(`${path}/${which}`);
      return { samples, levels: levelsOf(samples, sampleRate) };
    };
    if (view.original.peek() === undefined) view.original.value = await hear('original');
    const course = courses.get(view);
    if (course !== undefined || view.course.peek() !== undefined) {
      const [present, show] = await Promise.all([hear('present'), view.look?.()]);
      batch(() => {
        view.present.value = present;
        show?.();
        if (course !== undefined) view.course.value = course;
        view.drawn.value++;
      });
    }
  } catch {
    // Not there yet, or the server is gone, which is told elsewhere.
  }
  const again = fetching.get(view);
  fetching.delete(view);
  if (again) await refresh(view, true);
}

const learning = () => runs.peek().filter(({ state }) => state.peek().status === 'learning').length;

/** Whether runs learn the same, so that an ear can compare them. */
export function alike(a: RunView, b: RunView): boolean {
  const [one, other] = [a.original.value?.samples, b.original.value?.samples];
  if (one === undefined || other === undefined || one.length !== other.length) return false;
  // A few samples tell two stretches apart.
  for (let i = 0; i < one.length; i += 97) if (one[i] !== other[i]) return false;
  return a.state.value.sampleRate === b.state.value.sampleRate;
}
