import { computed, effect, signal } from '@preact/signals';
import { player } from './player.js';
import { alike, type RunView, runs } from './state.js';

/** The two voices of a blind test, while there is one. */
export const blind = signal<{ readonly a: string; readonly b: string } | undefined>(undefined);

/** What is listened to: what a run learns, and with it all that learn the same. */
const group = signal<RunView | undefined>(undefined);

/** The run that is heard, or `original`. */
export const heard = computed(() => player.name.value);

/** The same as the page may show it: a blind test keeps it to itself. */
export const shown = computed(() => (blind.value === undefined ? heard.value : undefined));

/** What a run without some edges is called. */
export const withoutOf = ({ id }: RunView) => `${id} without`;

/** What can be compared, the original first. */
export const voices = computed(() => {
  const first = group.value;
  if (first === undefined) return [];
  const same = runs.value.filter(
    (each) => each.present.value !== undefined && (each === first || alike(each, first)),
  );
  return [
    { name: 'original', label: 'Original', color: undefined, sound: first.original },
    ...same.flatMap((view) => {
      const { id: name, color, present, without } = view;
      const { label } = view.state.value;
      const whole = { name, label, color, sound: present };
      if (without.value === undefined) return [whole];
      const part = { name: withoutOf(view), label: `${label}, edges off`, color, sound: without };
      return [whole, part];
    }),
  ];
});

/** Switches to a voice at the position where the player is, and plays. */
export function hear(view: RunView, name: string): void {
  group.value = view;
  if (player.playing.value && heard.value === name) {
    player.pause();
    return;
  }
  choose(name);
  if (!player.playing.value) void player.play();
}

export function choose(name: string): void {
  const voice = voices.peek().find((each) => each.name === name);
  const samples = voice?.sound.peek()?.samples;
  const rate = group.peek()?.state.peek().sampleRate;
  if (samples !== undefined && rate !== undefined) player.choose(name, samples, rate);
}

/** Milliseconds between two changes of what is heard while it learns. */
const FOLLOW = 700;

let followed = 0;
// What learns is heard as it is now: the player goes over to it where it stands.
effect(() => {
  const name = player.name.value;
  const voice = voices.value.find((each) => each.name === name);
  const sound = voice?.sound.value;
  if (sound === undefined || name === 'original' || !player.playing.value) return;
  if (performance.now() - followed < FOLLOW) return;
  followed = performance.now();
  queueMicrotask(() => {
    if (blind.peek() === undefined) choose(name as string);
  });
});
