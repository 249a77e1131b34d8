/**
 * Tensors with all operators, gradients, random generators and files of tensors.
 *
 * @module fewsound/tensor
 */

export { type GradientsOptions, gradients, noGrad } from './autograd.js';
export {
  callOperator,
  type OperatorArgument,
  type OperatorValue,
  operatorSchema,
} from './call-operator.js';
export {
  arange,
  cat,
  eye,
  full,
  linspace,
  ones,
  rand,
  randint,
  randn,
  randperm,
  stack,
  type TensorLike,
  type TensorOptions,
  tensor,
  zeros,
} from './creation.js';
export {
  type DataOf,
  type Device,
  type DType,
  devices,
  setThreads,
  type TensorData,
  threads,
} from './device.js';
export { Generator, manualSeed } from './generator.js';
export type {
  Operand,
  Operators,
  Reduction,
  Scalar,
  TensorMethods,
} from './operators.generated.js';
export { ops } from './operators.js';
export {
  readSafetensors,
  readSafetensorsHeader,
  type SafetensorsFile,
  type SafetensorsHeader,
  type SafetensorsTensor,
  writeSafetensors,
} from './safetensors.js';
export { keep, type MemoryUse, memory, scope } from './scope.js';
export {
  type BackwardOptions,
  type Element,
  type NestedArray,
  Tensor,
} from './tensor.js';
export {
  readTorchFile,
  TensorReference,
  type TorchFile,
  type TorchValue,
} from './torch-file/read.js';
