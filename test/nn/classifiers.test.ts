import {
  type ClassifierKind,
  classifierKinds,
  createClassifier,
  IncTssdnet,
  MultiResolutionCnn,
  ResTssdnet,
  SegmentalCnn,
  SubSegmentalCnn,
} from '../../lib/nn';
import { gradients, noGrad, ones, ops, scope, type Tensor } from '../../lib/tensor';
import { SAMPLES, smallClassifier, smallSounds, stateOf } from './small-classifiers';

const shapes = (model: { parameters(): Map<string, Tensor> }) =>
  Object.fromEntries([...model.parameters()].map(([name, { shape }]) => [name, [...shape]]));

describe("the paper's models", () => {
  it('the segmental CNN has the layers of paper 2, section 3.1', () => {
    using model = new SegmentalCnn({ classes: 10, seed: 0 });
    expect(shapes(model)).toEqual({
      'layers.0.branches.0.weight': [80, 1, 300],
      'layers.0.branches.0.bias': [80],
      'layers.0.norm.weight': [80],
      'layers.0.norm.bias': [80],
      'layers.1.branches.0.weight': [80, 80, 7],
      'layers.1.branches.0.bias': [80],
      'layers.1.norm.weight': [80],
      'layers.1.norm.bias': [80],
      'layers.2.branches.0.weight': [100, 80, 3],
      'layers.2.branches.0.bias': [100],
      'layers.2.norm.weight': [100],
      'layers.2.norm.bias': [100],
      // 16,000 samples, stride 10, three poolings by 2.
      'dense.weight': [1024, 100 * 200],
      'dense.bias': [1024],
      'output.weight': [10, 1024],
      'output.bias': [10],
    });
  });

  it('the sub-segmental CNN differs in its first kernels', () => {
    using model = new SubSegmentalCnn({ hidden: 8, seed: 0 });
    expect(shapes(model)).toMatchObject({
      'layers.0.branches.0.weight': [80, 1, 30],
      'layers.1.branches.0.weight': [80, 80, 7],
      'layers.2.branches.0.weight': [100, 80, 3],
    });
  });

  it('the multi-resolution CNN has kernels of several widths in every layer', () => {
    using model = new MultiResolutionCnn({ hidden: 8, seed: 0 });
    const widths = (layer: number) =>
      Object.entries(shapes(model)).flatMap(([name, shape]) =>
        name.startsWith(`layers.${layer}.`) && shape.length === 3 ? [shape] : [],
      );
    expect(widths(0)).toEqual([10, 30, 50, 70, 90, 150, 300, 500].map((width) => [10, 1, width]));
    expect(widths(1)).toEqual([3, 6, 9, 12].map((width) => [20, 80, width]));
    expect(widths(2)).toEqual([3, 5, 7, 9].map((width) => [25, 80, width]));
    // 1600 frames, two poolings by 3.
    expect(shapes(model)['dense.weight']).toEqual([8, 100 * 177]);
  });

  it('Inc-TSSDNet has the 92,658 parameters of the published one', () => {
    using model = new IncTssdnet();
    expect(model.parameterCount).toBe(92_658);
    using ten = new IncTssdnet({ classes: 10 });
    expect(ten.parameterCount).toBe(92_658 + 8 * 33);
  });

  it('Res-TSSDNet has the tensors of the published one', () => {
    using model = new ResTssdnet();
    const names = [...model.stateDict().keys()];
    expect(names).toContain('RSM4.bn3.running_var');
    expect(shapes(model)).toMatchObject({
      'conv1.weight': [16, 1, 7],
      'RSM1.conv1.weight': [32, 16, 3],
      'RSM2.nin.weight': [64, 32, 1],
      'RSM4.conv3.weight': [128, 128, 3],
      'fc1.weight': [64, 128],
      'fc2.weight': [32, 64],
      'out.weight': [2, 32],
    });
  });
});

describe.each(classifierKinds)('%s', (kind) => {
  it('gives a logit for every class, the same for the same seed', () => {
    using model = smallClassifier(kind);
    using same = smallClassifier(kind);
    using other = smallClassifier(kind, { seed: 8 });
    scope(() => {
      const audio = smallSounds(2);
      const logits = model.forward(audio);
      expect(logits.shape).toEqual([2, 3]);
      expect(logits.data()).toEqual(same.forward(audio).data());
      expect(logits.data()).not.toEqual(other.forward(audio).data());
    });
  });

  it('has the gradients of differences, in float64', () => {
    using model = smallClassifier(kind, { dtype: 'float64', dropout: 0.5 });
    scope(() => {
      const audio = smallSounds(3, 'float64');
      const direction = ops.sin(ops.arange(0, 9, { dtype: 'float64' })).reshape([3, 3]);
      for (const forward of [
        () => model.forward(audio),
        () => model.forwardTraining(audio, { seed: 3 }),
      ]) {
        const objective = () => ops.mul(forward(), direction).sum();
        const parameters = [...model.parameters().values()];
        const found = gradients(objective(), parameters);
        for (const [i, parameter] of parameters.entries()) {
          const at = Math.floor(parameter.size / 2);
          const one = parameter.detach().reshape([-1]).narrow(0, at, 1);
          const kept = one.item();
          const value = (moved: number) =>
            noGrad(() => {
              one.fill_(moved);
              return objective().item();
            });
          const slope = (value(kept + 1e-6) - value(kept - 1e-6)) / 2e-6;
          one.fill_(kept);
          const gradient = (found[i] as Tensor).reshape([-1]).narrow(0, at, 1).item();
          expect(Math.abs(gradient - slope)).toBeLessThan(1e-6 * Math.max(1, Math.abs(slope)));
        }
      }
    });
  });

  it('takes a batch apart as it takes its recordings', () => {
    using model = smallClassifier(kind);
    scope(() => {
      const audio = smallSounds(3);
      const together = model.forward(audio).data() as Float32Array;
      for (let row = 0; row < 3; row++) {
        const alone = model.forward(audio.narrow(0, row, 1).clone()).data() as Float32Array;
        for (const [i, logit] of alone.entries()) {
          expect(logit).toBeCloseTo(together[row * 3 + i] as number, 4);
        }
      }
    });
  });

  it('classifies on a thread of its own', async () => {
    using model = smallClassifier(kind);
    using audio = smallSounds(1000);
    const answer = model.classify(audio);
    expect(() => model.forward(audio)).toThrow(/at work on another thread/);
    using probabilities = await answer;
    expect(probabilities.shape).toEqual([1000, 3]);
    using sums = probabilities.sum(1);
    for (const sum of sums.data() as Float32Array) expect(sum).toBeCloseTo(1, 5);
  });
});

describe('learning', () => {
  it('moves the running statistics, and asking does not', () => {
    using model = smallClassifier('segmental-cnn');
    scope(() => {
      const before = stateOf(model);
      model.forward(smallSounds(2));
      expect(stateOf(model)).toEqual(before);
      model.forwardTraining(smallSounds(2), { seed: 1 });
      const after = stateOf(model);
      expect(after.get('layers.0.norm.running_mean')).not.toBe(
        before.get('layers.0.norm.running_mean'),
      );
      expect(after.get('dense.weight')).toBe(before.get('dense.weight'));
    });
  });
});

describe('bad input', () => {
  it.each<[string, ClassifierKind, object, RegExp]>([
    ['one class', 'segmental-cnn', { classes: 1 }, /classes is 1\. Expected a whole number from 2/],
    ['an unknown option', 'inc-tssdnet', { layers: [] }, /layers/],
    ['no layer', 'sub-segmental-cnn', { layers: [] }, /1 to 64 layers/],
    ['no kernel', 'sub-segmental-cnn', { layers: [{ kernels: [], filters: 2 }] }, /kernel width/],
    ['a dropout of 1', 'segmental-cnn', { dropout: 1 }, /dropout is 1/],
    [
      'strides that leave nothing',
      'segmental-cnn',
      { samples: 100, layers: [{ kernels: [5], filters: 2, stride: 50, pooling: 3 }] },
      /leave nothing of 100 samples/,
    ],
    ['a short TSSDNet', 'res-tssdnet', { samples: 255 }, /samples is 255/],
    ['an unknown kind', 'vgg' as ClassifierKind, {}, /kind is "vgg"; expected segmental-cnn/],
  ])('%s is refused', (_, kind, options, message) => {
    expect(() => createClassifier(kind, options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('recordings that do not fit are refused', () => {
    using model = smallClassifier('segmental-cnn');
    scope(() => {
      expect(() => model.forward(ones([2, SAMPLES - 1]))).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
      );
      expect(() => model.forward(ones([0, SAMPLES]))).toThrow(/expected \[batch, 400\]/);
      expect(() => model.forward(ones([2, SAMPLES], { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      expect(() => model.forwardTraining(ones([2, SAMPLES]), { seed: -1 })).toThrow(/seed is -1/);
      expect(() => model.forwardTraining(ones([1, SAMPLES]), { seed: 1 })).toThrow(/two or more/);
    });
  });

  it('a model that was disposed of says so', () => {
    const model = smallClassifier('segmental-cnn');
    model.dispose();
    model.dispose();
    using audio = smallSounds(1);
    expect(() => model.forward(audio)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });

  it('labels must be as many as classes', () => {
    using model = smallClassifier('segmental-cnn');
    const listening = { sampleRate: 16_000, normalize: true, place: 'center' } as const;
    expect(() => {
      model.input = { ...listening, labels: ['a', 'b'] };
    }).toThrow(/2 names for a model of 3 classes/);
    expect(() => {
      model.input = { ...listening, labels: ['a', 'b', 'b'] };
    }).toThrow(/a different one for each/);
  });
});
