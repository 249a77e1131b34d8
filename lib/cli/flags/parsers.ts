import { Argument, InvalidArgumentError, Option } from 'commander';
import type { EncodingFrequencies, Envelope } from '../../nn/index.js';
import type { Flag, Inputs, Positional } from '../command.js';

/**
 * From the text of a command-line option to a value. What cannot be read, or is out of the range of
 * an option of the command itself, is a usage error (exit status 2). Numbers that only a network or
 * the training can judge are passed on as they are, NaN included: their own checks give the reason.
 */
export type Parser<T> = (text: string) => T;

/** Any whole number. */
export const integer: Parser<number> = (text) => {
  if (!/^[+-]?\d+$/.test(text.trim())) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
};

/** A whole number that is not below `minimum`. */
export function integerFrom(minimum: number): Parser<number> {
  return (text) => {
    const value = integer(text);
    if (value < minimum || !Number.isSafeInteger(value)) {
      throw new InvalidArgumentError(`Expected a whole number, ${minimum} or more.`);
    }
    return value;
  };
}

/** Any number, also NaN and infinities. */
export const real: Parser<number> = (text) => {
  const value = Number(text);
  if (text.trim() === '' || (Number.isNaN(value) && text.trim() !== 'NaN')) {
    throw new InvalidArgumentError('Expected a number.');
  }
  return value;
};

/** A finite number above 0 (or 0 itself with `orZero`). */
export function positive({ orZero = false } = {}): Parser<number> {
  return (text) => {
    const value = real(text);
    if (!Number.isFinite(value) || value < 0 || (value === 0 && !orZero)) {
      throw new InvalidArgumentError(`Expected a number ${orZero ? 'not below' : 'above'} 0.`);
    }
    return value;
  };
}

/** Whole numbers with commas between: `48,24,12`. */
export const integers: Parser<number[]> = (text) =>
  text.split(',').map((part) => {
    if (!/^\s*[+-]?\d+\s*$/.test(part)) {
      throw new InvalidArgumentError(
        'Expected whole numbers with commas between, such as 48,24,12.',
      );
    }
    return Number(part);
  });

/** Numbers with commas between: `0.9,0.999`. */
export const reals: Parser<number[]> = (text) => text.split(',').map(real);

/**
 * Frequencies of an encoding: numbers with commas between, or a rule as the library's, its parts
 * with colons between: `octaves:10`, `geometric:1:8192:7`, `linear:20Hz:5000Hz:7`, `band:7`,
 * `quantiles:7`.
 */
export const frequencies: Parser<EncodingFrequencies> = (text) => {
  const [kind, ...parts] = text.split(':') as [string, ...string[]];
  if (parts.length === 0) return reals(text);
  if ((kind === 'octaves' || kind === 'band') && parts.length === 1) {
    return { kind, count: real(parts[0] as string) };
  }
  if (kind === 'quantiles' && parts.length <= 2) {
    const [count, power] = parts.map(real) as [number, number?];
    return { kind, count, ...(power !== undefined && { power }) };
  }
  if ((kind === 'geometric' || kind === 'linear') && parts.length === 3) {
    const [from, to, count] = parts as [string, string, string];
    const hertz = from.endsWith('Hz') && to.endsWith('Hz');
    const [lowest, highest] = [from, to].map((end) => real(hertz ? end.slice(0, -2) : end));
    return {
      ...{ kind, from: lowest as number, to: highest as number, count: real(count) },
      ...(hertz && { unit: 'Hz' }),
    };
  }
  throw new InvalidArgumentError(
    'Expected numbers with commas between, octaves:COUNT, geometric:FROM:TO:COUNT or linear:FROM:TO:COUNT (cycles, or both with Hz), band:COUNT, or quantiles:COUNT.',
  );
};

/** An envelope: `54`, `54:0.375` (points and power), values with commas between, or `none`. */
export const envelope: Parser<Envelope> = (text) => {
  if (text.trim() === 'none') return [];
  if (text.includes(',')) return reals(text);
  const [points, power, ...others] = text.split(':').map(real);
  if (others.length > 0) throw new InvalidArgumentError('Expected POINTS, POINTS:POWER or none.');
  return { points: points as number, ...(power !== undefined && { power }) };
};

/** Two numbers with a comma between: `-1,1`. */
export const range: Parser<[number, number]> = (text) => {
  const parts = text.split(',');
  if (parts.length !== 2) {
    throw new InvalidArgumentError('Expected two numbers with a comma between, such as -1,1.');
  }
  return [real(parts[0] as string), real(parts[1] as string)];
};

/** Names out of a list, with commas between. */
export function namesOf<Name extends string>(choices: readonly Name[]): Parser<Name[]> {
  return (text) => {
    const names = text.split(',').map((name) => name.trim());
    const unknown = names.find((name) => !(choices as readonly string[]).includes(name));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(
        `'${unknown}' is not one of them. Expected names out of ${choices.join(', ')}, with commas between.`,
      );
    }
    return [...new Set(names as Name[])];
  };
}

/** A number of samples, or `all` of them. */
export const sampleCount: Parser<number | 'all'> = (text) =>
  text === 'all' ? 'all' : integer(text);

/** A channel's number from 0, or `mix`. */
export const channel: Parser<number | 'mix'> = (text) =>
  text === 'mix' ? 'mix' : integerFrom(0)(text);

/** Where a network computes. */
export type DeviceName = 'cpu' | 'cuda' | `cuda:${number}`;

export const deviceName: Parser<DeviceName> = (text) => {
  if (!/^(cpu|cuda(:\d+)?)$/.test(text)) {
    throw new InvalidArgumentError('Expected cpu, cuda or cuda:N.');
  }
  return text as DeviceName;
};

/** The type of an input that no parser reads, from how it is written. */
type Unparsed<Text extends string> = Text extends `${string}<${string}...>` | `[${string}...]`
  ? string[]
  : Text extends `${string}<${string}>`
    ? string
    : Text extends `[${string}]`
      ? string | undefined
      : boolean;

/** An argument: `<name>`, `[name]` where it may be missing, `<name...>` for one or more. */
export function argument<Text extends string>(
  text: Text,
  meaning: string,
): Positional<Unparsed<Text>> {
  return new Argument(text, meaning);
}

/** An argument that is one of a few words. */
export function choiceArgument<const Name extends string>(
  text: string,
  meaning: string,
  names: readonly Name[],
  byDefault?: Name,
): Positional<Name> {
  const argument = new Argument(text, meaning).choices(names);
  return byDefault === undefined ? argument : argument.default(byDefault);
}

/** An option: `--name <value>`, or `--name` for a switch; undefined where it is not given. */
export function flag<Text extends string>(
  text: Text,
  meaning: string,
): Flag<Unparsed<Text> | undefined>;
export function flag<Value>(
  text: string,
  meaning: string,
  parse: Parser<Value>,
): Flag<Value | undefined>;
export function flag<Value>(
  text: string,
  meaning: string,
  parse: Parser<Value>,
  byDefault: NoInfer<Value>,
): Flag<Value>;
export function flag(
  text: string,
  meaning: string,
  parse?: Parser<unknown>,
  byDefault?: unknown,
): Flag<unknown> {
  const option = new Option(text, meaning);
  if (parse) option.argParser(parse);
  return byDefault === undefined ? option : option.default(byDefault);
}

/** An option that must be given. */
export function requiredFlag(text: string, meaning: string): Flag<string> {
  return new Option(text, meaning).makeOptionMandatory();
}

/** An option that is one of a few words. */
export function choice<const Name extends string>(
  text: string,
  meaning: string,
  names: readonly Name[],
): Flag<Name | undefined>;
export function choice<const Name extends string>(
  text: string,
  meaning: string,
  names: readonly Name[],
  byDefault: NoInfer<Name>,
): Flag<Name>;
export function choice(
  text: string,
  meaning: string,
  names: readonly string[],
  byDefault?: string,
): Flag<unknown> {
  const option = new Option(text, meaning).choices(names);
  return byDefault === undefined ? option : option.default(byDefault);
}

/** Flags under a heading of their own in the help. */
export function grouped<Flags extends Inputs>(heading: string, flags: Flags): Flags {
  for (const input of Object.values(flags)) {
    if (input instanceof Option) input.helpGroup(heading);
  }
  return flags;
}

export const quietFlag = flag('-q, --quiet', 'no progress on standard error');

export const threadsFlag = flag(
  '--threads <count>',
  "CPU threads; default: LibTorch's choice",
  integerFrom(1),
);

/** The device of a command that takes a GPU where there is one. */
export const deviceFlag = flag(
  '--device <name>',
  'cpu, cuda or cuda:N; default: CUDA where there is one',
  deviceName,
);
