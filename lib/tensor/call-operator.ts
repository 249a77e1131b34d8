import { addon } from '../addon/addon.js';
import type { TensorHandle } from '../addon/tensors.js';
import { toNative } from './operators.js';
import { type Tensor, wrapTensor } from './tensor.js';

/** An argument of an ATen operator; a string stands for a dtype or device where one is expected. */
export type OperatorArgument =
  | Tensor
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | readonly OperatorArgument[];

/** A result of an ATen operator. */
export type OperatorValue = Tensor | number | boolean | string | null | OperatorValue[];

/**
 * Calls any public ATen operator by name through LibTorch's dispatcher, for what the table of
 * operators lacks. Arguments go in the order of the operator's schema (see `operatorSchema`);
 * trailing ones with defaults are optional.
 *
 * ```ts
 * const mish = callOperator('aten::mish', [x]) as Tensor;
 * ```
 *
 * @returns the result; several results as an array
 * @throws FewSoundError INVALID_ARGUMENT where the operator does not exist, is private to PyTorch
 *   (a leading underscore), or an argument does not fit its schema
 */
export function callOperator(
  name: string,
  values: readonly OperatorArgument[] = [],
): OperatorValue {
  return fromNative(addon().callOperator(name, toNative(values) as unknown[]));
}

/** The schema of an ATen operator, such as `aten::mish(Tensor self) -> Tensor`. */
export function operatorSchema(name: string): string {
  return addon().operatorSchema(name);
}

function fromNative(value: unknown): OperatorValue {
  if (Array.isArray(value)) return value.map(fromNative);
  if (typeof value === 'object' && value !== null) return wrapTensor(value as TensorHandle);
  return value as OperatorValue;
}
