import { type Command, Option } from 'commander';
import { UsageError } from '../command.js';
import { integer, integers, type Parser, range, real } from './parsers.js';

/** Networks by their names on the command line. */
export const KINDS = ['kan', 'nerf', 'siren', 'rff', 'finer', 'wire'] as const;
export type Kind = (typeof KINDS)[number];

/** An option of one or more networks. */
interface ModelFlag {
  /** As commander reads it. */
  readonly flags: string;
  /** The option's name in the network's constructor. */
  readonly option: string;
  readonly meaning: string;
  /** The networks that have it, each with its default. */
  readonly defaults: Readonly<Partial<Record<Kind, unknown>>>;
  /** Absent for switches. */
  readonly parse?: Parser<unknown>;
}

const BASELINE_LAYERS = [90, 90, 90, 90, 70];

/** Defaults are those of lib/nn; a test holds the two together. */
export const MODEL_FLAGS: readonly ModelFlag[] = [
  {
    flags: '--layers <widths>',
    option: 'layers',
    meaning: 'widths of the hidden layers',
    defaults: {
      kan: [48, 24, 12],
      nerf: BASELINE_LAYERS,
      siren: BASELINE_LAYERS,
      rff: BASELINE_LAYERS,
      finer: BASELINE_LAYERS,
      wire: BASELINE_LAYERS,
    },
    parse: integers,
  },
  {
    flags: '--encoding <length>',
    option: 'encoding',
    meaning: 'length L of the positional encoding: 2L features',
    defaults: { kan: 10, nerf: 12 },
    parse: integer,
  },
  {
    flags: '--learnable-encoding',
    option: 'learnableEncoding',
    meaning: 'learn the frequencies of the positional encoding',
    defaults: { kan: false, nerf: false },
  },
  {
    flags: '--grid <intervals>',
    option: 'grid',
    meaning: 'grid size G: intervals of each spline',
    defaults: { kan: 10 },
    parse: integer,
  },
  {
    flags: '--order <degree>',
    option: 'order',
    meaning: 'order k of the splines: degree of their pieces',
    defaults: { kan: 3 },
    parse: integer,
  },
  {
    flags: '--grid-range <from,to>',
    option: 'gridRange',
    meaning: 'what the spline grid covers',
    defaults: { kan: [-1, 1] },
    parse: range,
  },
  {
    flags: '--no-scale-spline',
    option: 'scaleSpline',
    meaning: 'no learnable scale before each spline',
    defaults: { kan: true },
  },
  {
    flags: '--init-noise <amount>',
    option: 'initNoise',
    meaning: 'amount of noise that the splines start from',
    defaults: { kan: 0.1 },
    parse: real,
  },
  {
    flags: '--omega0 <factor>',
    option: 'omega0',
    meaning: 'frequency factor ω₀ of the first layer',
    defaults: { siren: 2000, finer: 30, wire: 10 },
    parse: real,
  },
  {
    flags: '--omega <factor>',
    option: 'omega',
    meaning: 'frequency factor ω of the later layers',
    defaults: { siren: 30, finer: 30, wire: 10 },
    parse: real,
  },
  {
    flags: '--learnable-omega',
    option: 'learnableOmega',
    meaning: 'learn the frequency factors',
    defaults: { siren: false, finer: false, wire: false },
  },
  {
    flags: '--no-gradient-fix',
    option: 'gradientFix',
    meaning: 'start the later layers without the division by ω₀',
    defaults: { siren: true },
  },
  {
    flags: '--bias-scale <k>',
    option: 'biasScale',
    meaning: 'range k of the first bias at the start',
    defaults: { finer: 5 },
    parse: real,
  },
  {
    flags: '--frequencies <count>',
    option: 'frequencies',
    meaning: 'number of random Fourier frequencies',
    defaults: { rff: 45 },
    parse: integer,
  },
  {
    flags: '--sigma <deviation>',
    option: 'sigma',
    meaning: 'standard deviation σ of the random frequencies',
    defaults: { rff: 10 },
    parse: real,
  },
  {
    flags: '--scale <s>',
    option: 'scale',
    meaning: 'width s of the Gabor wavelets',
    defaults: { wire: 10 },
    parse: real,
  },
];

/** `kan: 10; nerf: 12`; networks that share a default stand together. For switches the networks only. */
function describeDefaults({ defaults, parse }: ModelFlag): string {
  if (!parse) return Object.keys(defaults).join(' ');
  const byDefault = new Map<string, string[]>();
  for (const [kind, value] of Object.entries(defaults)) {
    const shown = String(value);
    byDefault.set(shown, [...(byDefault.get(shown) ?? []), kind]);
  }
  return [...byDefault].map(([value, kinds]) => `${kinds.join(' ')}: ${value}`).join('; ');
}

/** Adds the options of all networks to a command. */
export function addModelFlags(command: Command): Command {
  for (const flag of MODEL_FLAGS) {
    const option = new Option(flag.flags, `${flag.meaning} (${describeDefaults(flag)})`);
    if (flag.parse) option.argParser(flag.parse);
    command.addOption(
      option.helpGroup('Network options (with the networks that have them and their defaults):'),
    );
  }
  return command;
}

/** The option's name on the command line, without its value. */
const flagName = ({ flags }: ModelFlag) => flags.split(' ')[0] as string;

/**
 * The options given for each network: those it has.
 *
 * @throws UsageError for an option that none of the networks has
 */
export function modelOptions(
  command: Command,
  kinds: readonly Kind[],
): Map<Kind, Record<string, unknown>> {
  const options = new Map<Kind, Record<string, unknown>>(kinds.map((kind) => [kind, {}]));
  for (const flag of MODEL_FLAGS) {
    if (command.getOptionValueSource(flag.option) !== 'cli') continue;
    const having = kinds.filter((kind) => kind in flag.defaults);
    if (having.length === 0) {
      const own = MODEL_FLAGS.filter(({ defaults }) => kinds.some((kind) => kind in defaults));
      throw new UsageError(
        `${flagName(flag)} is no option of ${kinds.join(', ')}; it belongs to ${Object.keys(flag.defaults).join(', ')}. Options of ${kinds.join(', ')}: ${own.map(flagName).join(', ')}.`,
      );
    }
    for (const kind of having) {
      (options.get(kind) as Record<string, unknown>)[flag.option] = command.getOptionValue(
        flag.option,
      );
    }
  }
  return options;
}
