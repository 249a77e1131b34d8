// The operators as TypeScript sees them. Names and types are generated from the addon's table; the
// functions here convert Tensors to the addon's handles and back, and load the addon at the first
// call.

import { addon } from '../addon/addon.js';
import type { TensorHandle } from '../addon/tensors.js';
import { Generator } from './generator.js';
import { type OperatorResult, type Operators, operatorResults } from './operators.generated.js';
import { Tensor, wrapTensor } from './tensor.js';

/** Replaces tensors and generators in an argument by their handles. */
export function toNative(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Tensor || value instanceof Generator) return value.handle;
  if (Array.isArray(value)) {
    return value.some((element) => typeof element === 'object') ? value.map(toNative) : value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, toNative(entry)]));
}

function fromNative(result: unknown, kind: OperatorResult, first: unknown): unknown {
  switch (kind) {
    case 'tensor':
      return wrapTensor(result as TensorHandle);
    case 'first':
      return first;
    case 'tensors':
      return (result as TensorHandle[]).map(wrapTensor);
    case 'named':
      return Object.fromEntries(
        Object.entries(result as Record<string, TensorHandle>).map(([name, handle]) => [
          name,
          wrapTensor(handle),
        ]),
      );
    case 'value':
      return result;
  }
}

function makeOperator(name: string, kind: OperatorResult) {
  let native: ((...values: unknown[]) => unknown) | undefined;
  return (...values: unknown[]): unknown => {
    native ??= addon().operators[name] as (...values: unknown[]) => unknown;
    return fromNative(native(...values.map(toNative)), kind, values[0]);
  };
}

/**
 * All operators as functions. Arguments go in order; optional ones can go by name in a final
 * object: `ops.sum(x, { dim: 1, keepdim: true })`.
 */
export const ops: Operators = Object.freeze(
  Object.fromEntries(
    Object.entries(operatorResults).map(([name, { result }]) => [name, makeOperator(name, result)]),
  ),
) as unknown as Operators;

for (const [name, { method }] of Object.entries(operatorResults)) {
  if (!method) continue;
  const operator = ops[name as keyof Operators] as (...values: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value: function method(this: Tensor, ...values: unknown[]): unknown {
      return operator(this, ...values);
    },
    writable: true,
    configurable: true,
  });
}
