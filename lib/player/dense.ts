import { type Encoding, fourierEncoding, positionalEncoding, timeAlone } from './encoding.js';
import type { Architecture, Weights } from './weights.js';

/** A linear map: weight x + bias, with ω before or behind it where the network has one. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array; // [outputs, inputs]; complex ones as pairs
  readonly bias: Float64Array;
  readonly omega: number;
  readonly result: Float64Array;
}

type Compute = (t: number) => number;
type Make = (architecture: Architecture, weights: Weights) => Compute;

const relu = (x: number) => Math.max(0, x);

/** NeRF: positional encoding, ReLU. */
export const nerfNetwork: Make = (architecture, weights) =>
  realNetwork(positionalEncoding(architecture, weights), architecture, weights, relu);

/** Random Fourier features, ReLU. */
export const rffNetwork: Make = (architecture, weights) =>
  realNetwork(fourierEncoding(architecture, weights), architecture, weights, relu);

/** SIREN: ω scales what enters each map, a sine is between them. */
export const sirenNetwork: Make = (architecture, weights) =>
  realNetwork(timeAlone, architecture, weights, Math.sin, (x) => x);

/** FINER: the same of (|x| + 1)·x. */
export const finerNetwork: Make = (architecture, weights) =>
  realNetwork(timeAlone, architecture, weights, Math.sin, (x) => (Math.abs(x) + 1) * x);

/** @param scaled what ω multiplies before a map; without it there is no ω */
function realNetwork(
  encoding: Encoding,
  architecture: Architecture,
  weights: Weights,
  activation: (x: number) => number,
  scaled?: (x: number) => number,
): Compute {
  const layers = readLayers(architecture.widths(encoding.features), weights, {
    hasOmega: () => scaled !== undefined,
    isComplex: () => false,
  });
  const features = new Float64Array(encoding.features);
  return (t) => {
    encoding.encode(t, features);
    let x: Float64Array = features;
    for (const [index, { inputs, outputs, weight, bias, omega, result }] of layers.entries()) {
      if (scaled !== undefined) {
        for (let input = 0; input < inputs; input++) x[input] = omega * scaled(x[input] as number);
      }
      multiply(weight, x, inputs, bias, result);
      if (index + 1 < layers.length) {
        for (let output = 0; output < outputs; output++) {
          result[output] = activation(result[output] as number);
        }
      }
      x = result;
    }
    return x[0] as number;
  };
}

/** weight x + bias; four sums side by side, since each would wait for its last addition. */
function multiply(
  weight: Float64Array,
  x: Float64Array,
  inputs: number,
  bias: Float64Array,
  result: Float64Array,
): void {
  let output = 0;
  for (; output + 3 < result.length; output += 4) {
    const a = output * inputs;
    const b = a + inputs;
    const c = b + inputs;
    const d = c + inputs;
    let p = bias[output] as number;
    let q = bias[output + 1] as number;
    let r = bias[output + 2] as number;
    let s = bias[output + 3] as number;
    for (let input = 0; input < inputs; input++) {
      const value = x[input] as number;
      p += (weight[a + input] as number) * value;
      q += (weight[b + input] as number) * value;
      r += (weight[c + input] as number) * value;
      s += (weight[d + input] as number) * value;
    }
    result[output] = p;
    result[output + 1] = q;
    result[output + 2] = r;
    result[output + 3] = s;
  }
  for (; output < result.length; output++) {
    let sum = bias[output] as number;
    for (let input = 0; input < inputs; input++) {
      sum += (weight[output * inputs + input] as number) * (x[input] as number);
    }
    result[output] = sum;
  }
}

/** WIRE: exp(iωz - |s z|²) between the maps, complex from the second map on. */
export const wireNetwork: Make = (architecture, weights) => {
  const widths = architecture.widths(1);
  const layers = readLayers(widths, weights, {
    hasOmega: (index) => index + 2 < widths.length,
    isComplex: (index) => index > 0,
  });
  const squaredScale = architecture.number('scale') ** 2;
  return (t) => {
    let x: Float64Array = Float64Array.of(t, 0);
    for (const [index, { inputs, outputs, weight, bias, omega, result }] of layers.entries()) {
      for (let output = 0; output < outputs; output++) {
        const row = 2 * output * inputs;
        let real = bias[2 * output] as number;
        let imaginary = bias[2 * output + 1] as number;
        for (let input = 0; input < 2 * inputs; input += 2) {
          const u = weight[row + input] as number;
          const v = weight[row + input + 1] as number;
          const re = x[input] as number;
          const im = x[input + 1] as number;
          real += u * re - v * im;
          imaginary += u * im + v * re;
        }
        if (index + 1 < layers.length) {
          const energy = real * real + imaginary * imaginary;
          const modulus = Math.exp(-energy * squaredScale - omega * imaginary);
          const phase = omega * real;
          real = modulus * Math.cos(phase);
          imaginary = modulus * Math.sin(phase);
        }
        result[2 * output] = real;
        result[2 * output + 1] = imaginary;
      }
      x = result;
    }
    return x[0] as number;
  };
};

interface LayerForm {
  readonly hasOmega: (index: number) => boolean;
  /** Whether the file has pairs; a network with one complex map has pairs in all of them. */
  readonly isComplex: (index: number) => boolean;
}

function readLayers(
  widths: readonly number[],
  weights: Weights,
  { hasOmega, isComplex }: LayerForm,
): Layer[] {
  const inPairs = widths.some((_, index) => isComplex(index));
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index] as number;
    const take = (name: string, shape: number[]) => {
      const complex = isComplex(index);
      const numbers = weights.take(`layers.${index}.${name}`, complex ? [...shape, 2] : shape);
      return inPairs && !complex ? paired(numbers) : numbers;
    };
    return {
      inputs,
      outputs,
      weight: take('weight', [outputs, inputs]),
      bias: take('bias', [outputs]),
      omega: hasOmega(index) ? (weights.take(`layers.${index}.omega`, [1])[0] as number) : 1,
      result: new Float64Array(inPairs ? 2 * outputs : outputs),
    };
  });
}

/** Real numbers as complex ones. */
function paired(numbers: Float64Array): Float64Array {
  const pairs = new Float64Array(2 * numbers.length);
  for (const [i, real] of numbers.entries()) pairs[2 * i] = real;
  return pairs;
}
