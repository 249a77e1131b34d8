// Prints the amplitudes and gradients of some KANs, by dtype: the instruction set of the fused path is chosen once in
// a process, by its environment.
const { open } = require('../binding/open-addon.cjs');

const addon = open();
const { cos, linspace, unsqueeze } = addon.operators;
const views = { float32: Float32Array, float64: Float64Array };

function numbers(tensor, dtype) {
  const { buffer, offset, length } = addon.data(tensor, true);
  return [...new views[dtype](buffer, offset, length)];
}

const found = { float32: [], float64: [] };
for (const dtype of Object.keys(found)) {
  for (const order of [2, 3, 5]) {
    const options = {
      seed: order,
      layers: [35, 5],
      encoding: 3,
      grid: 9,
      order,
      initNoise: 2,
      dtype,
    };
    const network = addon.createModel('kan', options);
    const t = unsqueeze(linspace(-1, 1, 301, { dtype }), 1);
    const y = addon.networkForward(network, t, null);
    const learnable = addon.modelTensors(network).filter(([, , isLearnable]) => isLearnable);
    const parameters = learnable.map(([, tensor]) => tensor);
    const weight = cos(linspace(0, 301, 301, { dtype }));
    const gradients = addon.gradients([y], parameters, [unsqueeze(weight, 1)], false, false);
    for (const each of [y, ...gradients]) found[dtype].push(numbers(each, dtype));
  }
}
console.log(JSON.stringify(found));
