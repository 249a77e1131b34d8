import { useEffect, useRef } from 'preact/hooks';
import { Abx } from './abx.js';
import { player } from './player.js';
import { blind, choose, heard, voices } from './voices.js';

/** The player, always at hand below. */
export function Listen() {
  const place = useRef<HTMLInputElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  const playing = player.playing.value;
  useEffect(() => {
    const draw = () => {
      const { position, duration } = player;
      if (place.current && duration > 0) place.current.value = String(position / duration);
      if (time.current) time.current.textContent = `${position.toFixed(2)} / ${duration.toFixed(2)} s`;
    };
    draw();
    // Each frame would keep the screen busy, and the cores are for learning.
    const timer = playing ? setInterval(draw, 66) : undefined;
    return () => clearInterval(timer);
  }, [playing, heard.value]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { target, key, ctrlKey, metaKey, altKey } = event;
      const typing = (target as HTMLElement).closest('input, select, textarea, button, summary, a');
      if (typing || ctrlKey || metaKey || altKey) return;
      if (key === ' ') {
        event.preventDefault();
        player.toggle();
      }
      const number = Number(key);
      const voice = voices.peek()[number === 0 ? -1 : number - 1];
      if (voice && blind.peek() === undefined) choose(voice.name);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  if (heard.value === undefined) return null;
  return (
    <section class="player" aria-label="Player">
      {blind.value !== undefined && <Abx />}
      <div class="transport">
        <button
          type="button"
          class="round"
          aria-label={playing ? 'Pause' : 'Play'}
          onClick={() => player.toggle()}
        >
          {playing ? '❚❚' : '▶'}
        </button>
        <input
          ref={place}
          type="range"
          min={0}
          max={1}
          step={0.001}
          aria-label="Position"
          onInput={({ currentTarget }) => player.seek(currentTarget.valueAsNumber * player.duration)}
        />
        <span ref={time} class="time" />
        <label class="loop">
          <input
            type="checkbox"
            checked={player.loop.value}
            onChange={({ currentTarget }) => player.setLoop(currentTarget.checked)}
          />
          again and again
        </label>
      </div>
      {blind.value === undefined && voices.value.length > 1 && (
        <div class="voices">
          <div role="group" aria-label="What is heard">
            {voices.value.map(({ name, label, color }, index) => (
              <button
                type="button"
                key={name}
                class={color === undefined ? 'voice' : `voice c${color}`}
                aria-pressed={heard.value === name}
                onClick={() => choose(name)}
              >
                <i class="dot" aria-hidden="true" />
                {label} <kbd>{index + 1}</kbd>
              </button>
            ))}
          </div>
          <button
            type="button"
            onClick={() => {
              const [a, b] = voices.value;
              if (a && b) blind.value = { a: a.name, b: b.name };
            }}
          >
            Blind test
          </button>
        </div>
      )}
    </section>
  );
}
