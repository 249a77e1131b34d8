import type { Command } from 'commander';
import { kindsOf, type OptionRow, optionRows } from '../../options.js';
import { UsageError } from '../command.js';
import { optionOf } from './rows.js';

/** Networks by their names on the command line. */
export const KINDS = kindsOf('network');
export type Kind = (typeof KINDS)[number];

/** An option of one or more networks. */
interface ModelFlag {
  /** The option's name in the network's constructor. */
  readonly option: string;
  readonly row: OptionRow;
  /** The networks that have it, each with its default. */
  readonly defaults: Readonly<Partial<Record<Kind, unknown>>>;
}

/** The options of all networks that have a flag. */
export const MODEL_FLAGS: readonly ModelFlag[] = modelFlags();

function modelFlags(): ModelFlag[] {
  const flags = new Map<string, ModelFlag & { defaults: Partial<Record<Kind, unknown>> }>();
  for (const kind of KINDS) {
    for (const row of optionRows('network', kind)) {
      if (row.flag === undefined) continue;
      const known = flags.get(row.name) ?? { option: row.name, row, defaults: {} };
      known.defaults[kind] = row.default;
      flags.set(row.name, known);
    }
  }
  return [...flags.values()];
}

/**
 * `kan: 10; nerf: 12`; networks that share a default stand together. For switches the networks
 * only.
 */
function describeDefaults({ defaults, row }: ModelFlag): string {
  if (row.type === 'flag') return Object.keys(defaults).join(' ');
  const byDefault = new Map<string, string[]>();
  for (const [kind, value] of Object.entries(defaults)) {
    const shown = String(value);
    byDefault.set(shown, [...(byDefault.get(shown) ?? []), kind]);
  }
  return [...byDefault]
    .map(([value, kinds]) => (value === '' ? kinds.join(' ') : `${kinds.join(' ')}: ${value}`))
    .join('; ');
}

/** Adds the options of all networks to a command. */
export function addModelFlags(command: Command): Command {
  for (const flag of MODEL_FLAGS) {
    command.addOption(
      optionOf(flag.row, describeDefaults(flag)).helpGroup(
        'Network options (with the networks that have them and their defaults):',
      ),
    );
  }
  return command;
}

/** The option's name on the command line, without its value. */
const flagName = ({ row }: ModelFlag) => optionOf(row).long as string;

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
