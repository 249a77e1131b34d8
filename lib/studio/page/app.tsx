import { Curves } from './curves.js';
import { Earlier } from './earlier.js';
import { Listen } from './listen.js';
import { Models } from './models.js';
import { Networks } from './networks.js';
import { forget, problems } from './problems.js';
import { RunCard } from './run-card.js';
import { SoundPanel } from './sound.js';
import { connected, facts, runs } from './state.js';
import { isDark, switchTheme } from './theme.js';

export function App() {
  const known = facts.value;
  const studio = known?.forms !== undefined;
  return (
    <>
      <a class="skip" href="#runs">
        Skip to what learns
      </a>
      <header class="top">
        <h1>
          fewsound <span>{studio || known === undefined ? 'studio' : 'watch'}</span>
        </h1>
        <p class="slogan">Networks learn a sound: watch them, listen to them.</p>
        <button type="button" class="quiet" onClick={switchTheme}>
          {isDark() ? 'Light' : 'Dark'}
        </button>
      </header>
      {!connected.value && (
        <p class="lost" role="alert">
          The studio does not answer: it may have been closed. This page goes on when it is back; if
          it was started anew, open the address that it printed.
        </p>
      )}
      <main class={studio ? 'bench' : 'bench alone'}>
        {studio && (
          <div class="choose">
            <SoundPanel />
            <Networks />
            <Models />
            <Earlier />
          </div>
        )}
        <section class="runs" id="runs" aria-label="Runs" tabindex={-1}>
          {runs.value.length === 0 ? <Nothing studio={studio} /> : <Curves />}
          <div class="cards">
            {[...runs.value].reverse().map((view) => (
              <RunCard key={view.id} view={view} />
            ))}
          </div>
        </section>
      </main>
      <Listen />
      <div class="problems" role="status" aria-live="polite">
        {problems.value.map(({ id, text }) => (
          <p key={id}>
            <span>{text}</span>
            <button type="button" class="quiet" aria-label="Close" onClick={() => forget(id)}>
              ✕
            </button>
          </p>
        ))}
      </div>
    </>
  );
}

function Nothing({ studio }: { studio: boolean }) {
  return (
    <div class="nothing">
      <svg viewBox="0 0 240 60" aria-hidden="true">
        <path d="M0 30 C20 30 24 6 40 6 S60 54 80 54 100 12 120 12 140 46 160 46 180 22 200 22 216 30 240 30" />
      </svg>
      <h2>{studio ? 'Nothing learns yet' : 'Waiting for the first network'}</h2>
      {studio && (
        <p>
          Bring a sound, choose one network or several, and press <b>Learn</b>. You will see and hear
          them here while they learn.
        </p>
      )}
    </div>
  );
}
