import { ops, scope, tensor } from '../../lib/tensor';
import { melStftLoss, ReconstructionLoss } from '../../lib/train';
import { glide, quickLoss } from './glide';

const clip = glide();

describe('the reconstruction loss', () => {
  it('is the weighted sum of L1 and the mel loss', () => {
    scope(() => {
      const target = tensor(clip.samples).unsqueeze(0);
      const estimate = target.mul(0.7);
      const value = (time: number, mel: number) =>
        new ReconstructionLoss({ ...quickLoss, sampleRate: 8000, time, mel })
          .compute(estimate, target)
          .item();
      const [l1, mel] = [value(1, 0), value(0, 1)];
      expect(l1).toBeCloseTo(ops.abs(estimate.sub(target)).mean().item(), 6);
      expect(value(2, 3)).toBeCloseTo(2 * l1 + 3 * mel, 5);
      const alone = melStftLoss(estimate, target, { ...quickLoss, sampleRate: 8000 });
      expect(alone.item()).toBeCloseTo(mel, 6);
      const loss = new ReconstructionLoss({ ...quickLoss, sampleRate: 8000 });
      expect(loss.melPerResolution(estimate, target).mean().item()).toBeCloseTo(mel, 6);
    });
  });

  it('weighs high bands more with a band power', () => {
    scope(() => {
      const tone = (hertz: number) =>
        tensor(
          Float32Array.from({ length: 800 }, (_, i) => Math.sin((hertz * i * Math.PI) / 4000)),
        );
      const ratio = (bandPower: number) => {
        const options = { ...quickLoss, sampleRate: 8000, bandPower };
        const [low, high] = [300, 3000].map((hertz) =>
          melStftLoss(tone(hertz).mul(0.5), tone(hertz), options).item(),
        ) as [number, number];
        return high / low;
      };
      expect(ratio(2)).toBeGreaterThan(3 * ratio(0));
    });
  });

  it('refuses what it cannot compare', () => {
    scope(() => {
      const loss = new ReconstructionLoss({ ...quickLoss, sampleRate: 8000 });
      const signal = ops.zeros([1, 400]);
      expect(() => loss.compute(signal, ops.zeros([1, 401]))).toThrow(
        expect.objectContaining({
          code: 'SHAPE_MISMATCH',
          shapes: [
            [1, 400],
            [1, 401],
          ],
        }),
      );
      expect(() => loss.compute(signal, ops.zeros([1, 400], { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      const short = ops.zeros([1, 100]);
      expect(() => loss.compute(short, short)).toThrow(/needs at least 129/);
      expect(() => new ReconstructionLoss({ mels: 20 } as never)).toThrow(/sampleRate/);
    });
  });
});
