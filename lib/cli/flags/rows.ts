import { Option } from 'commander';
import type { OptionRow } from '../../options.js';
import {
  envelope,
  frequencies,
  integer,
  integers,
  type Parser,
  range,
  real,
  reals,
} from './parsers.js';

// Flags of options that the addon describes.

const PARSERS: Readonly<Partial<Record<OptionRow['type'], Parser<unknown>>>> = {
  whole: integer,
  real,
  wholes: integers,
  reals,
  range,
};

/** What a flag takes beside the values of its option. */
const RULES: Readonly<Record<string, { parse: Parser<unknown>; help: string }>> = {
  encodingFrequencies: {
    parse: frequencies,
    help: 'frequencies of the positional encoding, cycles over the whole recording: 1,8.5,200 or octaves:10, geometric:1:8192:7, linear:20Hz:5000Hz:7, band:7 as in the recipes, or quantiles:7 of the energy of the recording',
  },
  envelope: {
    parse: envelope,
    help: 'what the amplitude is multiplied by: 54 points of the recording\'s level to the power 0.375, as 54 or 54:0.375, or values with commas between; "none" for a recipe without',
  },
};

/** An option's flag, such as `--init-noise <amount>`; that of a switch which is on turns it off. */
function flagOf({ name, type, flag, default: byDefault }: OptionRow): string {
  const words = flag?.name ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (type === 'flag') return byDefault === true ? `--no-${words}` : `--${words}`;
  return `--${words} ${flag?.value ?? '<value>'}`;
}

/** The meaning as help texts have it: no capital, no full stop. */
function helpOf({ flag, meaning }: OptionRow): string {
  const text = meaning.replace(/\.$/, '');
  // AdamW and CPU keep their capitals.
  const begin = /^[A-Z][a-z]*\b/.test(text) ? text.charAt(0).toLowerCase() : text.charAt(0);
  return flag?.help ?? `${begin}${text.slice(1)}`;
}

/**
 * The flag of an option.
 *
 * @param remark what its help says beside the meaning
 */
export function optionOf(row: OptionRow, remark?: string): Option {
  const rule = RULES[row.name];
  const meaning = rule?.help ?? helpOf(row);
  const help = remark === undefined ? meaning : `${meaning} (${remark})`;
  const option = new Option(flagOf(row), help);
  if (row.type === 'choice') return option.choices(row.names ?? []);
  const parse = rule?.parse ?? PARSERS[row.type];
  return parse === undefined ? option : option.argParser(parse);
}
