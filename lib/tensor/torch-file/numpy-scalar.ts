// Numbers of NumPy, which states of optimizers and schedules are full of.

import { types } from 'node:util';
import { halfToNumber } from '../stored-elements.js';
import { plainInteger } from './pickle-bytes.js';
import { type Call, type Caller, PickleRecord, type PickleValue, Tuple } from './pickle-values.js';

type Read = (view: DataView, little: boolean) => number | bigint | boolean;

/** By NumPy's names: kind and bytes. */
const readers: Readonly<Record<string, Read>> = {
  b1: (view) => view.getUint8(0) !== 0,
  i1: (view) => view.getInt8(0),
  i2: (view, little) => view.getInt16(0, little),
  i4: (view, little) => view.getInt32(0, little),
  i8: (view, little) => plainInteger(view.getBigInt64(0, little)),
  u1: (view) => view.getUint8(0),
  u2: (view, little) => view.getUint16(0, little),
  u4: (view, little) => view.getUint32(0, little),
  u8: (view, little) => plainInteger(view.getBigUint64(0, little)),
  f2: (view, little) => halfToNumber(view.getUint16(0, little)),
  f4: (view, little) => view.getFloat32(0, little),
  f8: (view, little) => view.getFloat64(0, little),
};

/** numpy.dtype of a plain number. */
export class NumpyDType extends PickleRecord {
  private little = true;

  constructor(readonly name: string) {
    super();
  }

  /** State: (version, byte order, …). */
  setState(state: PickleValue, { fault }: Caller): void {
    const order = state instanceof Tuple ? state.items[1] : undefined;
    if (order !== '<' && order !== '>' && order !== '|' && order !== '=') {
      throw fault('a NumPy dtype in its pickle has no byte order');
    }
    this.little = order !== '>';
  }

  read(bytes: Uint8Array): number | bigint | boolean | undefined {
    const read = readers[this.name];
    if (!read || bytes.length !== Number(this.name.slice(1))) return undefined;
    return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), this.little);
  }
}

/** numpy.dtype(name, align, copy). */
export const numpyDType: Call = ([name], { fault }) => {
  if (typeof name !== 'string' || !Object.hasOwn(readers, name)) {
    throw fault(
      `its pickle has an unsupported NumPy dtype (supported are ${Object.keys(readers).join(', ')}). Save a number or a tensor instead`,
    );
  }
  return new NumpyDType(name);
};

/** numpy.core.multiarray.scalar(dtype, bytes): a plain number. */
export const numpyScalar: Call = ([dtype, bytes], { fault }) => {
  const value =
    dtype instanceof NumpyDType && types.isUint8Array(bytes) ? dtype.read(bytes) : undefined;
  if (value === undefined) throw fault('its pickle has an invalid NumPy number');
  return value;
};
