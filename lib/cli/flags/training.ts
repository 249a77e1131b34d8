import type { Command } from 'commander';
import type { InrKind } from '../../nn/index.js';
import { fitRows, type OptionRow } from '../../options.js';
import type { FitOptions, Recipe } from '../../train/index.js';
import { stagesBeside } from '../../train/recipes.js';
import { type Flag, isGiven, type Values } from '../command.js';
import { choice, deviceName, flag, grouped, integerFrom } from './parsers.js';
import { optionOf } from './rows.js';

/** An option of `fit` that has a flag. */
export interface FitFlag {
  /** Where it is among the options: `steps`, `loss.mels`. */
  readonly place: string;
  readonly row: OptionRow;
  readonly flag: Flag<unknown>;
}

/** All of them. */
export const FIT_FLAGS: readonly FitFlag[] = flagsOf(fitRows, '');

const { threads, ...fitFlags } = Object.fromEntries(
  FIT_FLAGS.map(({ place, flag }): [string, Flag<unknown>] => [place, flag]),
);

function flagsOf(rows: readonly OptionRow[], group: string): FitFlag[] {
  return rows.flatMap((row): FitFlag[] => {
    if (row.type === 'group') return flagsOf(row.fields ?? [], row.name);
    if (row.flag === undefined) return [];
    // What the optimizer has is among the options of `fit` themselves.
    const place = group === '' || group === 'optimizer' ? row.name : `${group}.${row.name}`;
    return [{ place, row, flag: flagOf(row, place, group) }];
  });
}

function flagOf(row: OptionRow, place: string, group: string): Flag<unknown> {
  const { default: byDefault, type, least } = row;
  if (place === 'learningRate') return optionOf(row, "default: the network's own");
  // The numbers of a kind of schedule, and of an early stop, mean nothing without it.
  const ifGiven = row.kinds !== undefined || group === 'earlyStop';
  const option = optionOf(
    row,
    ifGiven && byDefault !== undefined ? `default: ${byDefault}` : undefined,
  );
  if (type === 'whole') option.argParser(integerFrom(least as number));
  return ifGiven || byDefault === undefined ? option : option.default(byDefault, String(byDefault));
}

/** The places of the flags among the options of `fit`. */
export const fitPlaces: readonly string[] = Object.keys(fitFlags);

/** How a network is trained, and where. */
export const trainingFlags = {
  ...grouped('Training options:', {
    ...fitFlags,
    seed: flag(
      '--seed <number>',
      'same seed, device and threads: same result, bit for bit',
      integerFrom(0),
      0,
    ),
  }),
  ...grouped('Machine options:', {
    device: flag('--device <name>', 'where to compute: cpu, cuda or cuda:N', deviceName, 'cpu'),
    threads: threads as Flag<number | undefined>,
    dtype: choice('--dtype <name>', 'numbers to compute with', ['float32', 'float64'], 'float32'),
  }),
};

/** How a network is trained; names as in `fit`. */
export type TrainingSettings = Omit<
  FitOptions,
  'checkpoint' | 'resume' | 'onProgress' | 'onWarning' | 'signal'
> & { steps: number } & Pick<Values<typeof trainingFlags>, 'seed' | 'device' | 'dtype'>;

/** The values of {@link trainingFlags} in the form of the options of `fit`. */
export function trainingSettings(given: Values<typeof trainingFlags>): TrainingSettings {
  const { seed, device, dtype, threads } = given;
  const values: Readonly<Record<string, unknown>> = given;
  const options: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const place of Object.keys(fitFlags)) {
    const value = values[place];
    if (value === undefined) continue;
    const [first, name] = place.split('.') as [string, string?];
    if (name === undefined) options[first] = value;
    else groups[first] = { ...groups[first], [name]: value };
  }
  // A schedule that is its kind alone is written so.
  const { kind, ...numbers } = groups.schedule ?? {};
  const schedule = Object.keys(numbers).length === 0 ? kind : groups.schedule;
  return { ...options, ...groups, schedule, seed, device, dtype, threads } as TrainingSettings;
}

/** Options of `fit` by the places of their flags: what {@link trainingSettings} is given. */
function flagValues({ schedule, ...options }: FitOptions): Record<string, unknown> {
  const groups = {
    ...options,
    schedule: typeof schedule === 'string' ? { kind: schedule } : schedule,
  };
  const values: [string, unknown][] = Object.entries(groups).flatMap(([name, value]) =>
    typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).map(([key, own]): [string, unknown] => [`${name}.${key}`, own])
      : [[name, value]],
  );
  return Object.fromEntries(values.filter(([place]) => fitPlaces.includes(place)));
}

/** Settings of a training by a recipe: those that are given, then the recipe's, then the defaults. */
export function recipeSettings(
  given: Values<typeof trainingFlags>,
  recipe: Recipe<InrKind>,
  command: Command,
): TrainingSettings {
  const usual = recipe.fit;
  const values = Object.entries(flagValues(usual)).filter(
    ([place]) =>
      !isGiven(command, place) &&
      // Another kind of schedule has other numbers.
      !(place.startsWith('schedule.') && isGiven(command, 'schedule.kind')),
  );
  const training = trainingSettings({ ...given, ...Object.fromEntries(values) });
  // The course has no flag.
  const weights = fitPlaces.filter((place) => place.startsWith('loss.') && isGiven(command, place));
  const course = stagesBeside(
    recipe,
    weights.map((place) => place.slice('loss.'.length)),
  );
  return course.length === 0 ? training : { ...training, loss: { ...training.loss, course } };
}

/** Settings that an older fewsound wrote, with the defaults of the flags that it did not have. */
export function completed(settings: TrainingSettings): TrainingSettings {
  const flags = Object.entries(trainingFlags).map(([name, { defaultValue }]) => [
    name,
    defaultValue,
  ]);
  const usual = trainingSettings(Object.fromEntries(flags) as Values<typeof trainingFlags>);
  return { ...usual, ...settings, loss: { ...usual.loss, ...settings.loss } };
}
