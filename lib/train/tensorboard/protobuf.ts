// What the messages of an event file need of the protocol buffer wire format. A message is a list of
// fields; fields that are absent are left out.

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** An encoded message, or some fields of one. */
export type Encoded = Uint8Array;

/** One message of the fields given. */
export function message(...fields: readonly (Encoded | undefined)[]): Encoded {
  return Buffer.concat(fields.filter((field) => field !== undefined));
}

/** An int64 or an enum, 0 or more. */
export function integer(field: number, value: number): Encoded {
  return message(tag(field, VARINT), varint(value));
}

export function double(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return message(tag(field, FIXED_64), bytes);
}

export function float(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return message(tag(field, FIXED_32), bytes);
}

/** A string, bytes, or a message inside another. */
export function bytes(field: number, value: string | Uint8Array): Encoded {
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return message(tag(field, LENGTH_DELIMITED), varint(content.length), content);
}

function tag(field: number, wireType: number): Encoded {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Encoded {
  const groups: number[] = [];
  // Not by shifts: steps and lengths may have more than 32 bits.
  let rest = value;
  while (rest >= 128) {
    groups.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...groups, rest]);
}
