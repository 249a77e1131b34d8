import { type Inr, KAN, Siren, timeAxis } from '../../lib/nn';
import { scope, tensor } from '../../lib/tensor';
import { AdamW, type FitOptions, fit, learningRateAt, ReconstructionLoss } from '../../lib/train';
import { glide, quickLoss } from './glide';

const clip = glide();
const steps = 12;

/** The loop of the documentation of `fit`. */
function trainByHand(
  network: Inr,
  options: { learningRate: number } & Partial<FitOptions>,
): number[] {
  const { learningRate, weightDecay = 0.01, schedule = 'constant' } = options;
  const loss = new ReconstructionLoss({ ...quickLoss, sampleRate: clip.sampleRate });
  return scope(() => {
    const t = timeAxis(clip.length, { dtype: network.dtype });
    const target = tensor(clip.samples, { dtype: network.dtype }).unsqueeze(0);
    const optimizer = new AdamW(network.parameters(), { learningRate, weightDecay });
    return Array.from({ length: steps }, (_, step) =>
      scope(() => {
        optimizer.zeroGrad();
        const estimate = network.forward(t).reshape([1, clip.length]);
        const value = loss.compute(estimate, target);
        value.backward();
        optimizer.step(learningRateAt({ schedule, learningRate, steps }, step));
        return value.item();
      }),
    );
  });
}

describe('the loop written out in TypeScript', () => {
  const make = {
    kan: () => new KAN({ layers: [8, 4], encoding: 5, grid: 5, seed: 4, dtype: 'float64' }),
    siren: () => new Siren({ layers: [8, 8], omega0: 100, seed: 4, dtype: 'float64' }),
  };

  it.each(['kan', 'siren'] as const)('gives the losses of fit, %s', async (kind) => {
    for (const schedule of ['constant', 'cosine', 'oneCycle'] as const) {
      using compiled = make[kind]();
      using manual = make[kind]();
      const options = { learningRate: 1e-3, schedule };
      const { losses } = await fit(compiled, clip, { ...options, steps, loss: quickLoss });
      const own = trainByHand(manual, options);
      for (const [i, loss] of losses.entries()) {
        expect(Math.abs((own[i] as number) - loss)).toBeLessThan(1e-12);
      }
    }
  });

  it('gives them in float32 to 1e-6', async () => {
    const kan = () => new KAN({ layers: [8, 4], encoding: 5, grid: 5, seed: 4 });
    using compiled = kan();
    using manual = kan();
    const { losses } = await fit(compiled, clip, { steps, learningRate: 5e-3, loss: quickLoss });
    const own = trainByHand(manual, { learningRate: 5e-3 });
    for (const [i, loss] of losses.entries()) {
      expect(Math.abs((own[i] as number) / loss - 1)).toBeLessThan(1e-6);
    }
  });
});
