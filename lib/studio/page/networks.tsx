import { signal } from '@preact/signals';
import type { FormField, LearnRequest } from '../protocol.js';
import { blame, isWrong, Mistake, mistake } from './mistakes.js';
import { say } from './problems.js';
import { post, type Refused } from './server.js';
import { sound, stretch } from './sound.js';
import { facts } from './state.js';

/** A network that is chosen, with what of its options is typed. */
interface Chosen {
  readonly id: number;
  readonly kind: string;
  /** Undefined for the usual one. */
  readonly recipe?: string;
  readonly options: Readonly<Record<string, string>>;
}

let count = 0;
const make = (kind: string): Chosen => ({ id: ++count, kind, options: {} });

const chosen = signal<readonly Chosen[]>([make('kan')]);
const training = signal<Readonly<Record<string, string>>>({});
const budget = signal<{ unit: 'usual' | 'steps' | 'seconds'; amount: number }>({
  ...{ unit: 'usual', amount: 20 },
});
const seed = signal('0');
const device = signal('cpu');
const starting = signal(false);

/** What there is to choose for a network. */
const formOf = ({ kind }: Chosen) => facts.value?.forms?.networks.find((each) => each.kind === kind);

const recipeOf = (network: Chosen) => network.recipe ?? formOf(network)?.usualRecipe;

async function learn(): Promise<void> {
  const recording = sound.value;
  if (recording === undefined) {
    say('Bring a sound first: drop a file, choose one, or record.');
    return;
  }
  starting.value = true;
  const { unit, amount } = budget.value;
  const request: LearnRequest = {
    recording: recording.id,
    stretch: stretch.value,
    networks: chosen.value.map((network) => {
      const { kind, options } = network;
      const recipe = recipeOf(network);
      return { kind, options, ...(recipe !== undefined && { recipe }) };
    }),
    training: training.value,
    seed: seed.value,
    device: device.value,
    ...(unit !== 'usual' && { budget: { unit, amount } }),
  };
  mistake.value = undefined;
  try {
    await post('/api/learn', request);
    document.getElementById('runs')?.scrollIntoView({ behavior: 'smooth', block: 'start' });
  } catch (error) {
    const { field, message } = error as Refused;
    if (!blame(field, message)) say(message);
  }
  starting.value = false;
}

export function Networks() {
  const forms = facts.value?.forms;
  if (forms === undefined) return null;
  const { unit, amount } = budget.value;
  return (
    <section class="panel" aria-labelledby="networks">
      <h2 id="networks">2 · Networks</h2>
      {chosen.value.map((each) => (
        <NetworkForm key={each.id} network={each} />
      ))}
      <label class="field add">
        Add a network
        <select
          value=""
          onChange={({ currentTarget }) => {
            if (currentTarget.value === '') return;
            chosen.value = [...chosen.value, make(currentTarget.value)];
            currentTarget.value = '';
          }}
        >
          <option value="">choose …</option>
          {forms.networks.map(({ kind, name }) => (
            <option key={kind} value={kind}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <div class="fields">
        <label class="field">
          Learn for
          <select
            value={unit}
            onChange={({ currentTarget }) => {
              const chosenUnit = currentTarget.value as typeof unit;
              budget.value = {
                unit: chosenUnit,
                amount: chosenUnit === 'steps' ? 1000 : 20,
              };
            }}
          >
            <option value="usual">the usual steps</option>
            <option value="steps">steps</option>
            <option value="seconds">seconds</option>
          </select>
        </label>
        {unit !== 'usual' && (
          <label class="field">
            {unit === 'steps' ? 'Steps' : 'Seconds'}
            <input
              type="number"
              min={1}
              step={1}
              value={amount}
              onChange={({ currentTarget }) => {
                const value = Math.max(1, Math.round(currentTarget.valueAsNumber || 1));
                budget.value = { unit, amount: value };
              }}
            />
          </label>
        )}
        {forms.devices.length > 1 && (
          <label class="field">
            Device
            <select
              value={device.value}
              onChange={({ currentTarget }) => {
                device.value = currentTarget.value;
              }}
            >
              {forms.devices.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        <label class="field">
          Seed
          <input
            type="number"
            min={0}
            step={1}
            value={seed.value}
            aria-invalid={isWrong('seed')}
            onChange={({ currentTarget }) => {
              seed.value = currentTarget.value || '0';
            }}
          />
          <Mistake of={['seed']} />
        </label>
      </div>
      <Options
        title="Training options"
        within=""
        fields={forms.training}
        values={training.value}
        change={(values) => {
          training.value = values;
        }}
      />
      <button
        type="button"
        class="primary"
        disabled={starting.value || chosen.value.length === 0}
        onClick={learn}
      >
        Learn
      </button>
    </section>
  );
}

function NetworkForm({ network }: { network: Chosen }) {
  const { id, options } = network;
  const form = formOf(network);
  const recipe = recipeOf(network);
  const change = (change: Partial<Chosen>) => {
    chosen.value = chosen.value.map((each) => (each.id === id ? { ...each, ...change } : each));
  };
  const meaning = form?.recipes.find(({ name }) => name === recipe)?.meaning;
  return (
    <fieldset class="network">
      <legend>{form?.name}</legend>
      <button
        type="button"
        class="quiet close"
        aria-label={`Remove ${form?.name}`}
        onClick={() => {
          chosen.value = chosen.value.filter((each) => each.id !== id);
        }}
      >
        ✕
      </button>
      {recipe !== undefined && (
        <>
          <label class="field">
            Recipe
            <select
              value={recipe}
              onChange={({ currentTarget }) => change({ recipe: currentTarget.value })}
            >
              {form?.recipes.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <p class="remark">{meaning}</p>
        </>
      )}
      <Options
        title="Options"
        within={`networks.${chosen.value.indexOf(network)}.`}
        fields={form?.fields ?? []}
        values={options}
        change={(values) => change({ options: values })}
      />
    </fieldset>
  );
}

/** A form of options; what is left as it is usual is not among the values. */
function Options({
  title,
  within,
  fields,
  values,
  change,
}: {
  title: string;
  /** What the server puts before the names of these fields. */
  within: string;
  fields: readonly FormField[];
  values: Readonly<Record<string, string>>;
  change: (values: Record<string, string>) => void;
}) {
  const changed = Object.keys(values).length;
  const set = (name: string, value: string | undefined) => {
    const { [name]: _, ...others } = values;
    change(value === undefined ? others : { ...others, [name]: value });
  };
  return (
    <details class="options">
      <summary>
        {title}
        {changed > 0 && <span class="count">{changed} changed</span>}
      </summary>
      <div class="options-list">
        {fields.map((field) => (
          <OptionField
            key={field.name}
            field={field}
            place={within + field.name}
            value={values[field.name]}
            set={set}
          />
        ))}
      </div>
    </details>
  );
}

function OptionField({
  field,
  place,
  value,
  set,
}: {
  field: FormField;
  place: string;
  value: string | undefined;
  set: (name: string, value: string | undefined) => void;
}) {
  const { name, type, meaning, expected, usual, choices, flag } = field;
  const given = (text: string) => {
    set(name, text === '' ? undefined : text);
    if (isWrong(place)) mistake.value = undefined;
  };
  const words = type === 'switch' ? { true: 'on', false: 'off' } : undefined;
  const listed = words ? Object.keys(words) : choices;
  const takes = listed ? '' : `${expected.charAt(0).toUpperCase()}${expected.slice(1)}.`;
  // A recipe has values of its own, so that what is usual is told and not filled in.
  const asUsual = usual === undefined ? 'usual' : `usual: ${words?.[usual as 'true'] ?? usual}`;
  return (
    <label class="field" title={flag}>
      <span>
        {name}
        <small>
          {meaning} {takes}
        </small>
      </span>
      {listed ? (
        <select
          aria-invalid={isWrong(place)}
          value={value ?? ''}
          onChange={({ currentTarget }) => given(currentTarget.value)}>
          <option value="">{asUsual}</option>
          {listed.map((choice) => (
            <option key={choice} value={choice}>
              {words?.[choice as 'true'] ?? choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          type="text"
          inputmode={type === 'text' ? 'text' : 'decimal'}
          autocomplete="off"
          spellcheck={false}
          placeholder={asUsual}
          aria-invalid={isWrong(place)}
          value={value ?? ''}
          onChange={({ currentTarget }) => given(currentTarget.value.trim())}
        />
      )}
      <Mistake of={[place]} />
    </label>
  );
}
