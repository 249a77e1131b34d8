import { signal } from '@preact/signals';
import { player } from './player.js';
import { blind, choose, voices } from './voices.js';

/** Which of the two X is, in this trial. */
const hidden = signal<'a' | 'b'>('a');
const trials = signal<readonly boolean[]>([]);
const lit = signal<'a' | 'b' | 'x'>('x');

/** Trials after which chance can be told from hearing; more make it surer. */
const ENOUGH = 8;

const draw = () => (crypto.getRandomValues(new Uint8Array(1))[0] as number) % 2 === 0;

/** The probability of as many right answers or more by guessing. */
function byChance(right: number, count: number): number {
  let sum = 0;
  let ways = 1;
  for (let k = 0; k <= count; k++) {
    if (k > 0) ways = (ways * (count - k + 1)) / k;
    if (k >= right) sum += ways;
  }
  return sum / 2 ** count;
}

function play(which: 'a' | 'b' | 'x'): void {
  if (blind.value === undefined) return;
  lit.value = which;
  choose(blind.value[which === 'x' ? hidden.value : which]);
  if (!player.playing.value) void player.play();
}

function answer(which: 'a' | 'b'): void {
  trials.value = [...trials.value, which === hidden.value];
  hidden.value = draw() ? 'a' : 'b';
  play('x');
}

function begin(change: Partial<NonNullable<typeof blind.value>> = {}): void {
  if (blind.value === undefined) return;
  blind.value = { ...blind.value, ...change };
  trials.value = [];
  hidden.value = draw() ? 'a' : 'b';
}

/** X is A or B: which? */
export function Abx() {
  const test = blind.value;
  if (test === undefined) return null;
  const right = trials.value.filter(Boolean).length;
  const count = trials.value.length;
  const chance = byChance(right, count);
  const chooser = (which: 'a' | 'b') => (
    <label class="field inline">
      {which.toUpperCase()}
      <select
        value={test[which]}
        onChange={({ currentTarget }) => begin({ [which]: currentTarget.value })}
      >
        {voices.value.map(({ name, label }) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="abx">
      <div class="abx-head">
        <h2>Blind test: is X the sound A, or B?</h2>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            begin();
            blind.value = undefined;
            player.pause();
          }}
        >
          End
        </button>
      </div>
      <div class="abx-row">
        {chooser('a')}
        {chooser('b')}
      </div>
      {test.a === test.b ? (
        <p class="remark">Choose two different sounds.</p>
      ) : (
        <div class="abx-row">
          {(['a', 'x', 'b'] as const).map((which) => (
            <button
              type="button"
              key={which}
              class="voice"
              aria-pressed={lit.value === which}
              onClick={() => play(which)}
            >
              ▶ {which.toUpperCase()}
            </button>
          ))}
          <span class="spring" />
          <button type="button" class="primary" onClick={() => answer('a')}>
            X is A
          </button>
          <button type="button" class="primary" onClick={() => answer('b')}>
            X is B
          </button>
        </div>
      )}
      <p class="result" role="status">
        {count === 0
          ? 'All three play at the same position: switch as often as you like, then answer.'
          : `${right} of ${count} right: a guess does as well or better with a probability of ${(100 * chance).toFixed(chance < 0.1 ? 1 : 0)} %. ${verdict(chance, count)}`}
      </p>
    </div>
  );
}

function verdict(chance: number, count: number): string {
  if (chance < 0.05) return 'You hear the difference.';
  return count < ENOUGH
    ? `Go on to ${ENOUGH} trials or more.`
    : 'You do not hear the difference, as far as this test can tell.';
}
