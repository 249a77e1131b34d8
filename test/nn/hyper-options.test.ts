import { FewSound, timeAxis } from '../../lib/nn';
import { scope, type Tensor, tensor } from '../../lib/tensor';
import {
  numbers,
  SAMPLES,
  smallFewSound,
  smallHyperSound,
  smallSounds,
  smallTargets,
} from './small-hyper-networks';
import { temporaryFolder } from './temporary-folder';

const inFolder = temporaryFolder();

describe('options that are none are refused', () => {
  const shared = { target: smallTargets.nerf, hidden: [4], encoder: { channels: 1 } };

  it.each<[object, string | undefined, RegExp]>([
    [
      { target: { kind: 'finer' } },
      'target.kind',
      /target.kind is "finer". Expected 'kan', 'nerf' or 'siren'/,
    ],
    [{ target: {} }, 'target.kind', /target.kind is undefined/],
    [{ target: 'nerf' }, 'target', /target is "nerf". Expected an object of options/],
    [
      { target: { kind: 'nerf', seed: 3 } },
      'target.seed',
      /target.seed is 3. There is no such option/,
    ],
    [{ target: { kind: 'kan', grids: 3 } }, 'target.grids', /grids is 3. There is no such option/],
    [{ samples: 0 }, 'samples', /samples is 0. Expected a whole number from 2/],
    [{ samples: 1.5 }, 'samples', /samples is 1\.5/],
    [{ mode: 'x' }, 'mode', /mode is "x". Expected 'target', 'residual' or 'modulator'/],
    [{ hidden: [] }, 'hidden', /1 to 64 layer widths/],
    [{ encoder: { strides: [] } }, 'encoder.strides', /1 to 8 strides/],
    [{ encoder: { strides: [2, 0] } }, 'encoder.strides.1', /encoder.strides.1 is 0/],
    [
      { encoder: { norm: true } },
      'encoder.norm',
      /There is no such option; expected kind, channels/,
    ],
    [{ sharedLayers: [3] }, undefined, /sharedLayers has 3; expected numbers .* from 0 to 2/],
    [{ sharedLayers: [0, 1, 2] }, undefined, /all layers of the target are shared/],
    [{ universalKernel: 0 }, 'universalKernel', /universalKernel is 0/],
    [{ warmupEpochs: -1 }, 'warmupEpochs', /warmupEpochs is -1/],
    [{ kernel: 3 }, 'kernel', /kernel is 3. There is no such option; expected target, samples/],
    [{ dtype: 'float16' }, 'dtype', /Expected 'float32' or 'float64'/],
  ])('%j', (options, field, message) => {
    const error = (() => {
      try {
        smallFewSound('nerf', { ...shared, ...(options as object) }).dispose();
      } catch (thrown) {
        return thrown as { code: string; field?: string; message: string };
      }
      throw new Error('it was made');
    })();
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', ...(field && { field }) });
    expect(error.message).toMatch(message);
  });

  it('a kernel that is too large for the target says what to do', () => {
    expect(() => new FewSound({ ...shared, samples: SAMPLES })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(
          /the target has 39 weights, too few for 2 convolutions of kernel 8101.*make the target larger or universalKernel smaller/,
        ),
      }),
    );
  });

  it('universal options belong to FewSound alone', () => {
    expect(() => smallHyperSound('nerf', { universalKernel: 3 } as object)).toThrow(
      /universalKernel is 3. There is no such option/,
    );
  });
});

describe('what is asked wrongly', () => {
  it('recordings and times of another shape or dtype are refused', () => {
    scope(() => {
      using model = smallFewSound('nerf');
      const audio = smallSounds(2);
      for (const wrong of [
        audio.select(0, 0),
        smallSounds(2, { samples: SAMPLES + 1 }),
        audio.narrow(0, 0, 0),
        audio.unsqueeze(0),
      ]) {
        for (const ask of [model.codes, model.write, model.forward] as ((x: Tensor) => Tensor)[]) {
          expect(() => ask.call(model, wrong)).toThrow(
            expect.objectContaining({
              code: 'SHAPE_MISMATCH',
              message: expect.stringContaining('expected [batch, 80]'),
            }),
          );
        }
      }
      expect(() => model.forward(smallSounds(2, { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      expect(() => model.forward(audio, timeAxis(4, { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      for (const t of [tensor([0, 1]), tensor([[0, 1]]), tensor([[[0]], [[1]]])]) {
        expect(() => model.forward(audio, t)).toThrow(
          expect.objectContaining({
            code: 'SHAPE_MISMATCH',
            message: expect.stringContaining('expected [n, 1]'),
          }),
        );
      }
      expect(() => model.weights(tensor([[1, 2]]))).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
      );
      expect(() => model.forward('sound' as never)).toThrow(/expected a Tensor/);
    });
  });

  it('a state is taken whole or not at all', () => {
    scope(() => {
      using model = smallFewSound('nerf');
      using other = smallFewSound('nerf', { seed: 3 });
      const audio = smallSounds(1);
      const before = numbers(model.forward(audio));
      const state = other.parameters();
      const refused = (change: [string, Tensor], expected: object) =>
        expect(() => model.loadStateDict(new Map([...state, change]))).toThrow(
          expect.objectContaining({ field: change[0], ...expected }),
        );
      const last = 'writer.layers.2.bias';
      refused([last, tensor([1, 2])], { code: 'SHAPE_MISMATCH' });
      const double = (state.get(last) as Tensor).to({ dtype: 'float64' });
      refused([last, double], { code: 'DTYPE_MISMATCH' });
      refused(['more', tensor([1])], { code: 'INVALID_ARGUMENT' });
      expect(numbers(model.forward(audio))).toEqual(before);
      model.loadStateDict(state);
      expect(numbers(model.forward(audio))).toEqual(numbers(other.forward(audio)));
    });
  });

  it('a model that was disposed of says so', async () => {
    const model = smallFewSound('nerf');
    const [first] = model.parameters().values();
    model.dispose();
    model.dispose();
    expect((first as Tensor).disposed).toBe(true);
    const disposed = expect.objectContaining({ code: 'DISPOSED' });
    scope(() => {
      expect(() => model.forward(smallSounds(1))).toThrow(disposed);
      expect(() => model.parameters()).toThrow(disposed);
    });
    await expect(model.save(inFolder('disposed.safetensors'))).rejects.toMatchObject({
      code: 'DISPOSED',
    });
  });
});
