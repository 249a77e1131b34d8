import { addon } from '../addon/addon.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import { KAN } from '../nn/index.js';
import { noGrad, ops, scope, type Tensor, tensor } from '../tensor/index.js';
import { handleOf, wrapTensor } from '../tensor/tensor.js';

/** An edge of a KAN, counted from 0: from an input of a layer to an output of it. */
export interface SplineEdge {
  readonly layer: number;
  readonly output: number;
  readonly input: number;
}

/** The edges of a layer of a KAN at work. */
export interface LayerEdges {
  readonly inputs: number;
  readonly outputs: number;
  /**
   * Standard deviation of what each edge adds to its output, over the times, [outputs · inputs]:
   * edge (o, i) is at o · inputs + i.
   */
  readonly deviations: Float32Array | Float64Array;
  /** What enters the layer, [inputs · times]: what enters at input i from i · times on. */
  readonly entering: Float32Array | Float64Array;
}

/**
 * What goes through the edges of a KAN at some times.
 *
 * @param t [times, 1] in [-1, 1], of the network's dtype and device
 * @returns the layers from the encoding to the amplitude
 * @throws FewSoundError INVALID_ARGUMENT for another network; SHAPE_MISMATCH, DISPOSED
 */
export function splineEdges(kan: KAN, t: Tensor): LayerEdges[] {
  requireKan(kan);
  if (t.shape.length !== 2 || t.shape[1] !== 1 || t.size === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `splineEdges: t has shape [${t.shape.join(', ')}]; expected [times, 1].`,
      { field: 't', shapes: [[...t.shape]] },
    );
  }
  return noGrad(() =>
    scope(() => {
      const times = t.shape[0] as number;
      const phases = t.mul(parameter(kan, 'encoding.frequencies'));
      let x = ops.cat([phases.sin(), phases.cos()], 1); // [times, inputs]
      return Array.from({ length: kan.options.layers.length + 1 }, (_, layer): LayerEdges => {
        const weights = weightsOf(kan, layer); // [outputs, inputs, functions]
        const [outputs, inputs, functions] = weights.shape as [number, number, number];
        const values = functionsAt(kan, x); // [times, inputs, functions]
        // An edge is linear in its weights, so that its variance follows from the covariance of
        // the functions, which all edges of an input share.
        const centered = values.sub(values.mean(0, true)).transpose(0, 1);
        const covariance = centered.transpose(1, 2).bmm(centered).div(times);
        const byInput = weights.transpose(0, 1); // [inputs, outputs, functions]
        const variances = byInput.bmm(covariance).mul(byInput).sum(2); // [inputs, outputs]
        const entering = numbers(x.transpose());
        x = values
          .reshape([times, inputs * functions])
          .matmul(weights.reshape([outputs, inputs * functions]).transpose());
        const deviations = numbers(variances.clamp(0).sqrt().transpose());
        return { inputs, outputs, deviations, entering };
      });
    }),
  );
}

/**
 * The function of an edge, w_b·SiLU(x) + w_s·Σ c_i B_i(x).
 *
 * @param x where to take it
 * @returns its values
 * @throws FewSoundError INVALID_ARGUMENT for another network or an edge that there is not; DISPOSED
 */
export function edgeFunction(kan: KAN, edge: SplineEdge, x: ArrayLike<number>): Float64Array {
  requireEdge(kan, edge);
  return noGrad(() =>
    scope(() => {
      const { device } = kan;
      const places = tensor(Float64Array.from(x), { device }).unsqueeze(1);
      const weights = weightsOf(kan, edge.layer).select(0, edge.output).select(0, edge.input);
      const values = functionsAt(kan, places)
        .squeeze(1)
        .matmul(weights.to({ dtype: 'float64' }));
      return numbers(values) as Float64Array;
    }),
  );
}

/**
 * Switches edges off: they add nothing from now on.
 *
 * @throws FewSoundError INVALID_ARGUMENT for another network or an edge that there is not; DISPOSED
 */
export function switchOffEdges(kan: KAN, edges: readonly SplineEdge[]): void {
  for (const edge of edges) requireEdge(kan, edge);
  noGrad(() =>
    scope(() => {
      for (const { layer, output, input } of edges) {
        for (const name of ['base', 'coefficients']) {
          parameter(kan, `layers.${layer}.${name}`).select(0, output).select(0, input).fill_(0);
        }
      }
    }),
  );
}

/** SiLU and bases, whose sum an edge is: x [...] -> [..., 1 + grid + order]. */
function functionsAt({ options }: KAN, x: Tensor): Tensor {
  const { grid: intervals, order, gridRange } = options;
  const [lower, upper] = gridRange;
  const bases = addon().splineBases(handleOf(x), { intervals, order, lower, upper });
  return ops.cat([x.silu().unsqueeze(-1), wrapTensor(bases)], -1);
}

/** What each edge multiplies the functions by, [outputs, inputs, 1 + grid + order]. */
function weightsOf(kan: KAN, layer: number): Tensor {
  const coefficients = parameter(kan, `layers.${layer}.coefficients`);
  const scaled = kan.options.scaleSpline
    ? coefficients.mul(parameter(kan, `layers.${layer}.scale`).unsqueeze(-1))
    : coefficients;
  return ops.cat([parameter(kan, `layers.${layer}.base`).unsqueeze(-1), scaled], -1);
}

const parameter = (kan: KAN, name: string) => kan.stateDict().get(name) as Tensor;

const numbers = (values: Tensor) =>
  values.contiguous().data().slice() as Float32Array | Float64Array;

function requireKan(network: KAN): void {
  if (network instanceof KAN) return;
  throw invalidArgument('kan', 'expected a KAN: other networks have no splines on their edges.');
}

function requireEdge(kan: KAN, { layer, output, input }: SplineEdge): void {
  requireKan(kan);
  const [outputs = 0, inputs = 0] = kan.stateDict().get(`layers.${layer}.base`)?.shape ?? [];
  const within = (place: number, count: number) =>
    Number.isInteger(place) && place >= 0 && place < count;
  if (within(output, outputs) && within(input, inputs)) return;
  throw invalidArgument(
    'edge',
    `there is no edge from input ${input} to output ${output} of layer ${layer}; the KAN has ${kan.options.layers.length + 1} layers${outputs > 0 ? `, and this one ${inputs} inputs and ${outputs} outputs` : ''}.`,
  );
}
