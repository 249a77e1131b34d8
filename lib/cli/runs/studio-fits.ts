import { FewSoundError, invalidArgument } from '../../errors.js';
import { inrClassName } from '../../nn/networks.js';
import { type OptionRow, optionRows } from '../../options.js';
import { kindName } from '../../report/text-table.js';
import type { FitCommand, FitRequest, FormField, Forms } from '../../studio/index.js';
import { devices } from '../../tensor/index.js';
import { type RecipeName, recipeFor } from '../../train/index.js';
import { recipesOf, usualRecipe } from '../../train/recipes.js';
import type { CommandContext } from '../command.js';
import { KINDS, type Kind } from '../flags/networks.js';
import { optionOf } from '../flags/rows.js';
import { FIT_FLAGS } from '../flags/training.js';
import { RUN_FILES } from './folder.js';
import { innerCommand } from './inner-command.js';

// The command `fit` as the studio runs it: its forms, its arguments, the program that does the same.

/** What the page asks for in places of its own. */
const ELSEWHERE = ['steps', 'threads'];

/** An option with what it is called. */
interface Named {
  readonly name: string;
  readonly row: OptionRow;
}

const networkRows = (kind: string): Named[] =>
  optionRows('network', kind)
    .filter(({ flag }) => flag !== undefined)
    .map((row) => ({ name: row.name, row }));

const trainingRows: readonly Named[] = FIT_FLAGS.map(({ place, row }) => ({ name: place, row }));

/** `fit` for a studio that this command opens. */
export function fitCommandFor(context: CommandContext): FitCommand {
  return {
    forms: forms(),
    files: RUN_FILES,
    argumentsOf,
    programOf,
    run: (...given) => run(context, ...given),
  };
}

function forms(): Forms {
  return {
    networks: KINDS.map((kind) => ({
      kind,
      name: kindName(kind),
      fields: networkRows(kind).map(fieldOf),
      ...recipes(kind),
    })),
    training: trainingRows.filter(({ name }) => !ELSEWHERE.includes(name)).map(fieldOf),
    devices: devices().map(String),
  };
}

function recipes(kind: Kind): Pick<Forms['networks'][number], 'recipes' | 'usualRecipe'> {
  const names = recipesOf(kind);
  if (names.length === 1) return { recipes: [] };
  return {
    recipes: names.map((name) => ({ name, meaning: recipeFor(name, kind).meaning })),
    usualRecipe: usualRecipe(kind),
  };
}

const TYPES: Readonly<Partial<Record<OptionRow['type'], FormField['type']>>> = {
  whole: 'whole',
  real: 'number',
  flag: 'switch',
  choice: 'choice',
};

function fieldOf({ name, row }: Named): FormField {
  const { type, meaning, expected, default: usual, names, least, most } = row;
  return {
    ...{ name, flag: optionOf(row).long as string, type: TYPES[type] ?? 'text', meaning, expected },
    ...(usual !== undefined && { usual: String(usual) }),
    ...(names !== undefined && { choices: names }),
    ...(least !== undefined && { least }),
    ...(most !== undefined && { most }),
  };
}

/** The options of a request that differ from what is usual, each with its row. */
function given({ kind, network, training }: FitRequest): { network: Given[]; training: Given[] } {
  if (!(KINDS as readonly string[]).includes(kind)) {
    throw invalidArgument('kind', `There is no network ${kind}; choose ${KINDS.join(', ')}.`);
  }
  return { network: find(networkRows(kind), network), training: find(trainingRows, training) };
}

interface Given extends Named {
  readonly text: string;
}

/** What has no row: `fit` has its flags by hand. */
const PLAIN = ['seed', 'device'];

function find(rows: readonly Named[], values: Readonly<Record<string, string>>): Given[] {
  return Object.entries(values).flatMap(([name, text]) => {
    if (PLAIN.includes(name)) return [];
    const found = rows.find((each) => each.name === name);
    if (found === undefined) throw invalidArgument(name, `There is no option ${name}.`);
    return [{ ...found, text }];
  });
}

function argumentsOf(request: FitRequest): string[] {
  const { audio, stretch, kind, recipe, training } = request;
  const { samples, sampleRate, offset, channel } = stretch;
  const own = given(request);
  const flags = [...own.network, ...own.training].flatMap(({ row, text }) => {
    const { long } = optionOf(row);
    if (row.type !== 'flag') return [`${long}=${text}`];
    return (text === 'true') === row.default ? [] : [long as string];
  });
  return [
    'fit',
    audio,
    `--model=${kind}`,
    ...(recipe === undefined ? [] : [`--recipe=${recipe}`]),
    `--samples=${samples}`,
    `--sample-rate=${sampleRate}`,
    ...(offset > 0 ? [`--offset=${offset}`] : []),
    ...(channel === 'mix' ? [] : [`--channel=${channel}`]),
    ...flags,
    ...PLAIN.flatMap((name) => (training[name] ? [`--${name}=${training[name]}`] : [])),
  ];
}

/** A value as it is typed, as a value of TypeScript. */
function literal({ row, text }: Given): unknown {
  if (row.type === 'flag') return text === 'true';
  try {
    return optionOf(row).parseArg?.(text, undefined) ?? text;
  } catch {
    // The command will say what is wrong with it.
    return text;
  }
}

/** `{ grid: 10, loss: { mel: 0.3 } }` from `grid` and `loss.mel`. */
function nested(options: readonly Given[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const each of options) {
    const [first, inner] = each.name.split('.') as [string, string?];
    result[first] =
      inner === undefined
        ? literal(each)
        : { ...(result[first] as object | undefined), [inner]: literal(each) };
  }
  return result;
}

/** Options that a rule may stand for, and the functions that follow it. */
const RULES = { encodingFrequencies: 'encodingFrequencies', envelope: 'amplitudeEnvelope' };

function programOf(request: FitRequest): string {
  const { audio, stretch, kind, recipe, training } = request;
  const { samples, sampleRate, offset, channel } = stretch;
  const own = given(request);
  const clip = {
    ...{ samples, sampleRate },
    ...(offset > 0 && { offset }),
    ...(channel !== 'mix' && { channel }),
  };
  const { device } = training;
  const network: Record<string, unknown> = {
    ...nested(own.network),
    seed: Number(training.seed ?? 0),
    ...(device !== undefined && device !== 'cpu' && { device }),
  };
  // A recipe takes rules, a network what they give for the clip.
  const rules = Object.entries(RULES).filter(([option]) => {
    const rule = network[option];
    return recipe === undefined && rule !== undefined && !Array.isArray(rule);
  });
  for (const [option, rule] of rules) {
    network[option] = new Expression(`${rule}(${code(network[option])}, clip)`);
  }
  const options = nested(own.training);
  // Numbers of a schedule belong to the recipe's, unless another kind is chosen.
  const usual = recipe && recipeFor(recipe as RecipeName, kind as Kind).fit.schedule;
  const schedule = options.schedule as { kind?: string } | undefined;
  if (typeof usual === 'object' && schedule !== undefined && schedule.kind === undefined) {
    options.schedule = { ...usual, ...schedule };
  }
  const name = inrClassName(kind as Kind);
  const ofKind = kind === 'kan' ? {} : { kind };
  const learn =
    recipe === undefined
      ? [
          `const network = new ${name}(${code(network)});`,
          `await fit(network, clip, ${code(options)});`,
        ]
      : [
          `const { network } = await fit(clip, ${code({ ...ofKind, recipe, ...options, network })});`,
        ];
  const imports = [
    ...['fit', 'loadClip', 'writeWav'],
    ...(recipe === undefined ? [name] : []),
    ...rules.map(([, rule]) => rule),
  ];
  return [
    `import { ${imports.sort().join(', ')} } from 'fewsound';`,
    '',
    `const clip = await loadClip(${code(audio)}, ${code(clip)});`,
    ...learn,
    'const samples = network.render(clip.length);',
    "await writeWav('reconstruction.wav', { samples, sampleRate: clip.sampleRate });",
    "await network.save('model.safetensors');",
    '',
  ].join('\n');
}

/** What is written as it is. */
class Expression {
  constructor(readonly text: string) {}
}

/** A value as people write it. */
function code(value: unknown): string {
  if (value instanceof Expression) return value.text;
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (Array.isArray(value)) return `[${value.map(code).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([name, each]) => `${name}: ${code(each)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

async function run(
  context: CommandContext,
  ...[argv, watched]: Parameters<FitCommand['run']>
): Promise<void> {
  try {
    await innerCommand(context, [...argv, '--quiet'], watched);
  } catch (error) {
    if (!(error instanceof FewSoundError) || error.field !== undefined) throw error;
    // What a flag cannot read is told by the flag.
    const flag = /option '(--[\w-]+)/.exec(error.message)?.[1];
    const field = flag && fieldOfFlag(flag);
    if (!field) throw error;
    const [, reason = error.message] = / is invalid\. (.*)/s.exec(error.message) ?? [];
    throw invalidArgument(field, reason);
  }
}

function fieldOfFlag(flag: string): string | undefined {
  const rows = [...KINDS.flatMap(networkRows), ...trainingRows];
  const found = rows.find(({ row }) => optionOf(row).long === flag);
  return found?.name ?? PLAIN.find((name) => flag === `--${name}`);
}
