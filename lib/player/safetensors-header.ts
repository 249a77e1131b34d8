// The JSON of a safetensors file's header. Every claim is checked before it is believed. Format:
// https://github.com/huggingface/safetensors#format

/** Makes the error for what is wrong with a file. */
type Fault = (problem: string) => Error;

/** The header's entry of one tensor. */
export interface HeaderEntry<DType extends string> {
  readonly name: string;
  /** The file's name of the dtype, for example 'F32'. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte, and the byte after the last, from the end of the header. */
  readonly offsets: readonly [begin: number, end: number];
}

export interface Header<DType extends string> {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, HeaderEntry<DType>>;
}

/** The format's own limit. */
const longestHeader = 100_000_000;

/**
 * @param length of the header, as the file's first eight bytes say
 * @param size of the file
 */
export function requireHeaderLength(length: bigint, size: number, fault: Fault): number {
  if (length > longestHeader || length > size - 8) {
    throw fault(`it claims a header of ${length} bytes, but has ${size - 8} after the length`);
  }
  return Number(length);
}

/**
 * Reads and checks the text of a header.
 *
 * @param available bytes of the file behind the header
 * @param bytes of an element, by the dtypes that can be read
 */
export function parseHeader<DType extends string>(
  text: string,
  available: number,
  bytes: Readonly<Record<DType, number>>,
  fault: Fault,
): Header<DType> {
  const { __metadata__: metadata, ...claims } = parseObject(text, fault);
  const tensors = Object.entries(claims).map(([name, claim]) =>
    checkTensor(name, claim, bytes, fault),
  );
  checkOffsets(tensors, available, fault);
  return {
    metadata: checkMetadata(metadata, fault),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
}

function parseObject(text: string, fault: Fault): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fault('its header is not JSON');
  }
  if (!isObject(parsed)) throw fault('its header is not a JSON object');
  const twice = firstDuplicate(topLevelKeys(text));
  if (twice !== undefined) throw fault(`its header has "${twice}" twice`);
  return parsed;
}

/** The keys of an object in JSON text; of equal keys, JSON.parse keeps only the last. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let expectsKey = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      depth += 1;
      expectsKey = character === '{' && depth === 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    } else if (character === ',') {
      expectsKey = depth === 1;
    } else if (character === '"') {
      const end = stringEnd(text, at);
      if (expectsKey) keys.push(JSON.parse(text.slice(at, end + 1)));
      expectsKey = false;
      at = end;
    }
  }
  return keys;
}

/**
 * Where the string that starts at a quote ends. A regular expression overflows its stack on long
 * ones.
 */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function firstDuplicate(keys: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return keys.find((key) => seen.size === seen.add(key).size);
}

function checkMetadata(metadata: unknown, fault: Fault): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isObject(metadata)) throw fault('its __metadata__ is not an object');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw fault(`the metadata "${key}" is not a string`);
  }
  return metadata as Record<string, string>;
}

function checkTensor<DType extends string>(
  name: string,
  claim: unknown,
  bytes: Readonly<Record<DType, number>>,
  fault: Fault,
): HeaderEntry<DType> {
  if (!isObject(claim)) throw fault(`the entry of "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = claim;
  if (typeof dtype !== 'string' || !Object.hasOwn(bytes, dtype)) {
    const known = Object.keys(bytes).join(', ');
    throw fault(
      `"${name}" has the unsupported dtype ${JSON.stringify(dtype)}; expected one of ${known}`,
    );
  }
  if (!isCounts(shape) || shape.length > 64)
    throw fault(`the shape of "${name}" is not a list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw fault(`the data_offsets of "${name}" are not two positions`);
  }
  const [begin, end] = offsets as [number, number];
  const needed = shape.reduce((product, size) => product * size, bytes[dtype as DType]);
  if (end - begin !== needed) {
    throw fault(
      `"${name}" has ${end - begin} bytes, but ${dtype} [${shape.join(', ')}] needs ${needed}`,
    );
  }
  return { name, dtype: dtype as DType, shape, offsets: [begin, end] };
}

/** The data of the tensors must fill the rest of the file, without gap or overlap. */
function checkOffsets(
  tensors: readonly HeaderEntry<string>[],
  available: number,
  fault: Fault,
): void {
  const order = [...tensors].sort(
    (a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1],
  );
  let position = 0;
  for (const { name, offsets } of order) {
    if (offsets[1] > available) {
      throw fault(
        `"${name}" ends at byte ${offsets[1]} of the data, but there are ${available}: the file is cut short, or its header is wrong`,
      );
    }
    if (offsets[0] !== position) {
      throw fault(
        `the data of "${name}" ${offsets[0] < position ? 'overlap others' : 'leave a gap'}`,
      );
    }
    position = offsets[1];
  }
  if (position !== available) throw fault(`${available - position} bytes belong to no tensor`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}
