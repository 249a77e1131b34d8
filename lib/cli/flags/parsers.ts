import { InvalidArgumentError } from 'commander';

/**
 * From the text of a command-line option to a value. What cannot be read, or is out of the range of
 * an option of the command itself, is a usage error (exit status 2). Numbers that only a network or
 * the training can judge pass as they are, NaN included: their own checks name the reason.
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
