// Python's containers and small values, which a pickle makes by calling their classes.

import { types } from 'node:util';
import {
  AllowedGlobal,
  type Call,
  type Caller,
  Dictionary,
  type PickleValue,
  Tuple,
} from './pickle-values.js';

/** Names of devices, layouts and encodings are short. */
const LONGEST_NAME = 64;

const orderedDict: Call = (args, machine) => {
  const dictionary = new Dictionary(true);
  if (args.length === 0) return dictionary;
  // As Python 2 wrote it: a list of pairs.
  const [pairs] = args;
  if (args.length > 1 || !Array.isArray(pairs)) throw wrongArguments('OrderedDict', machine);
  machine.spend(pairs.length);
  for (const pair of pairs) {
    const items = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
    const [key, value] = items;
    if (key === undefined || value === undefined || items.length !== 2) {
      throw wrongArguments('OrderedDict', machine);
    }
    dictionary.entries.set(key, value);
  }
  return dictionary;
};

/** A dict of counts: the milestones of a MultiStepLR. */
const counter: Call = ([counts, ...more], machine) => {
  const made = new Dictionary(false);
  if (counts === undefined) return made;
  if (!(counts instanceof Dictionary) || more.length > 0) throw wrongArguments('Counter', machine);
  machine.spend(counts.entries.size);
  for (const [key, count] of counts.entries) made.entries.set(key, count);
  return made;
};

/** Its factory, for missing keys, is never called. */
const defaultDict: Call = ([factory = null, ...more], machine) => {
  const harmless = factory === null || factory instanceof AllowedGlobal;
  if (!harmless || more.length > 0) throw wrongArguments('defaultdict', machine);
  return new Dictionary(false);
};

/** Sets become lists. */
const set =
  (name: string): Call =>
  ([items = [], ...more], machine) => {
    if (!Array.isArray(items) || more.length > 0) throw wrongArguments(name, machine);
    machine.spend(items.length);
    return [...items];
  };

/** A complex number is (real, imaginary), as in a tensor's `toArray`. */
const complex: Call = ([real, imaginary, ...more], machine) => {
  if (typeof real !== 'number' || typeof imaginary !== 'number' || more.length > 0) {
    throw wrongArguments('complex', machine);
  }
  return new Tuple([real, imaginary]);
};

/** bytes and bytearray, empty or of bytes; Python 3 writes a bytearray in protocol 2 as text. */
const bytes =
  (name: string): Call =>
  (args, machine) => {
    const [given, ...more] = args;
    if (given === undefined) return Buffer.alloc(0);
    if (typeof given === 'string') return encode(args, machine);
    if (!types.isUint8Array(given) || more.length > 0) throw wrongArguments(name, machine);
    return given;
  };

/** How protocols before 3 write bytes: as text with the characters 0 to 255. */
const encode: Call = ([text, encoding, ...more], machine) => {
  const isLatin = encoding === 'latin1' || encoding === 'latin-1';
  if (typeof text !== 'string' || !isLatin || more.length > 0) {
    throw wrongArguments('_codecs.encode', machine);
  }
  machine.spend(text.length / 8);
  return Buffer.from(text, 'latin1');
};

const size: Call = ([sizes, ...more], machine) => {
  if (!(sizes instanceof Tuple) || more.length > 0) throw wrongArguments('torch.Size', machine);
  return sizes;
};

const device: Call = ([type, index, ...more], machine) => {
  const fits = index === undefined || Number.isSafeInteger(index);
  if (!isShortText(type) || !fits || more.length > 0) {
    throw wrongArguments('torch.device', machine);
  }
  return index === undefined ? type : `${type}:${index}`;
};

/** A layout is its name, such as torch.strided. */
const layout: Call = ([name, ...more], machine) => {
  if (!isShortText(name) || more.length > 0) throw wrongArguments('_get_layout', machine);
  return name;
};

function isShortText(value: PickleValue | undefined): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME;
}

function wrongArguments(name: string, { fault }: Caller): Error {
  return fault(`its pickle calls ${name} with invalid arguments`);
}

/** By Python's names. */
export const containerCalls: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': orderedDict,
  'collections.Counter': counter,
  'collections.defaultdict': defaultDict,
  'builtins.set': set('set'),
  'builtins.frozenset': set('frozenset'),
  'builtins.complex': complex,
  'builtins.bytes': bytes('bytes'),
  'builtins.bytearray': bytes('bytearray'),
  '_codecs.encode': encode,
  'torch.Size': size,
  'torch.device': device,
  'torch.serialization._get_layout': layout,
};
