// PyTorch's dtypes and storage classes, and their counterparts here.

import type { StoredDType } from '../stored-elements.js';
import type { Caller } from './pickle-values.js';

const dtypes = {
  float16: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
  float64: 'F64',
  uint8: 'U8',
  int8: 'I8',
  uint16: 'U16',
  int16: 'I16',
  uint32: 'U32',
  int32: 'I32',
  int64: 'I64',
  bool: 'BOOL',
  complex64: 'C64',
  complex128: 'C128',
} as const satisfies Readonly<Record<string, StoredDType>>;

const anotherDtype = 'Save it in another dtype, such as tensor.float()';
const dequantized = 'Save tensor.dequantize()';

/** Unsupported dtypes, and what to save instead. */
const others: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['qint8', 'quint8', 'qint32', 'quint4x2', 'quint2x4'].map((name) => [name, dequantized]),
  ),
  ...Object.fromEntries(
    [
      ...['e5m2', 'e4m3fn', 'e5m2fnuz', 'e4m3fnuz', 'e8m0fnu'].map((form) => `float8_${form}`),
      'float4_e2m1fn_x2',
      ...['bits8', 'bits16', 'bits1x8', 'bits2x4', 'bits4x2'],
      ...[1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [`int${bits}`, `uint${bits}`]),
    ].map((name) => [name, anotherDtype]),
  ),
  complex32: 'Save tensor.to(torch.complex64)',
  uint64: 'Save tensor.to(torch.int64)',
};

const storages = {
  Half: 'float16',
  BFloat16: 'bfloat16',
  Float: 'float32',
  Double: 'float64',
  Byte: 'uint8',
  Char: 'int8',
  Short: 'int16',
  Int: 'int32',
  Long: 'int64',
  Bool: 'bool',
  ComplexFloat: 'complex64',
  ComplexDouble: 'complex128',
  QInt8: 'qint8',
  QUInt8: 'quint8',
  QInt32: 'qint32',
  QUInt4x2: 'quint4x2',
  QUInt2x4: 'quint2x4',
} as const;

/** All of PyTorch's dtypes, without "torch." */
export const dtypeNames: readonly string[] = [...Object.keys(dtypes), ...Object.keys(others)];

/** The dtype of each class torch.NAMEStorage and torch.NAMETensor. */
export const typedClasses: readonly (readonly [name: string, dtype: string])[] =
  Object.entries(storages);

/**
 * How the elements of one of `dtypeNames` are stored.
 *
 * @throws the fault for an unsupported dtype: its name, and what to save instead
 */
export function storedAs(dtype: string, { fault }: Pick<Caller, 'fault'>): StoredDType {
  if (Object.hasOwn(dtypes, dtype)) return dtypes[dtype as keyof typeof dtypes];
  throw fault(
    `it has a tensor of dtype ${dtype}, which fewsound does not support. ${others[dtype]}`,
  );
}
