import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { geometryOfModel, readModelFile } from '../../lib/analysis';
import { scope } from '../../lib/tensor';
import { passes } from '../conformance/comparison';
import { checkFile } from '../conformance/run-conformance';

// Beside the project, which a user's machine does not have.
const shared = join(__dirname, '..', '..', '..', 'shared');
const golden = (name: string) => join(shared, 'golden', `${name}.safetensors`);
const tssdnet = (name: string) => join(shared, 'data', 'tssdnet', name);

describe("tensors recorded from the authors' program (skipped without ../shared/golden)", () => {
  const names = [
    'strs_segmental',
    'strs_subsegmental',
    'strs_multiresolution',
    'dictionary_metrics',
  ];
  (existsSync(golden('dictionary_metrics')) ? test : test.skip).each(names)('%s', async (name) => {
    const { status, comparisons, problem } = await checkFile(golden(name));
    expect(problem).toBeUndefined();
    expect(comparisons.filter((comparison) => !passes(comparison))).toEqual([]);
    expect(status).toBe('pass');
  });
});

// Paper 2, Table 4, with the digits that the published weights give.
const table4 = {
  I: [0.345665, 4.502421, 41.205909, 0.892504, 0.743358, 0.443002],
  II: [0.132922, 3.017896, 72.077854, 0.440178, 0.307009, 0.21594],
  III: [0.138694, 3.792343, 70.57689, 0.514861, 0.331324, 0.16399],
  IV: [0.086244, 8.833728, 65.862596, 0.767881, 0.405634, 0.145994],
  V: [0.134919, 12.56388, 62.170791, 0.778781, 0.461997, 0.164324],
};

(existsSync(tssdnet('inc_tssdnet.pth')) ? test : test.skip).each([
  'inc_tssdnet.safetensors',
  'inc_tssdnet.pth',
])('Table 4: the published Inc-TSSDNet, %s (skipped without ../shared/data)', (file) =>
  scope(async () => {
    const { state } = await readModelFile(tssdnet(file));
    const layers = geometryOfModel(state, { model: 'inc-tssdnet' });
    expect(layers.map(({ dimension, atoms }) => `${dimension}x${atoms}`)).toEqual([
      '7x16',
      '272x32',
      '544x64',
      '1088x128',
      '2176x128',
    ]);
    const rows = layers.map(({ lambdaMinPlus, B, betaAvg, mu, muAvg, muMse }) => [
      lambdaMinPlus,
      B,
      betaAvg,
      mu,
      muAvg,
      muMse,
    ]);
    for (const [index, expected] of Object.values(table4).entries()) {
      // To the six digits printed.
      expected.forEach((value, column) => {
        expect(Math.abs((rows[index]?.[column] as number) - value)).toBeLessThan(6e-7);
      });
    }
    // The paper's A: what is below rounding there is exactly 0 here.
    expect(layers.map(({ A }) => A)).toEqual([expect.closeTo(0.3457, 4), 0, 0, 0, 0]);
  }),
);

(existsSync(golden('res_tssdnet_random')) ? test : test.skip)(
  'a Res-TSSDNet has 13 layers along its depth, four with a shortcut (skipped without ../shared/golden)',
  () =>
    scope(async () => {
      const { state } = await readModelFile(golden('res_tssdnet_random'));
      const layers = geometryOfModel(state, { model: 'res-tssdnet' });
      expect(layers).toHaveLength(13);
      expect(layers.filter(({ residual }) => residual).map(({ name }) => name)).toEqual(
        [1, 2, 3, 4].map((module) => `RSM${module}.conv3`),
      );
    }),
);
