import { facts } from './state.js';
import { attempt, post } from './server.js';

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Runs that are in the folder and not on the page. */
export function Earlier() {
  const earlier = facts.value?.earlier ?? [];
  if (earlier.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="earlier">
      <details>
        <summary>
          <h2 id="earlier">Earlier runs</h2> <span class="count">{earlier.length}</span>
        </summary>
        <ul class="earlier">
          {earlier.map(({ id, date }) => (
            <li key={id}>
              <button
                type="button"
                class="row"
                onClick={() =>
                  attempt(() => post(`/api/earlier/${encodeURIComponent(id)}/open`))
                }
              >
                <span>{id}</span>
                <time datetime={date}>{day.format(new Date(date))}</time>
              </button>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
