import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../../lib/addon/addon';
import {
  type EncoderOptions,
  type HyperNetwork,
  load,
  loadLora,
  loadWhisperWeights,
  mergeLora,
  saveLora,
} from '../../lib/nn';
import { noGrad, ops, readTorchFile, scope, type Tensor, writeSafetensors } from '../../lib/tensor';
import {
  directionLike,
  expectClose,
  numbers,
  smallEncoders,
  smallHyperSound,
  smallSounds,
} from './small-hyper-networks';
import { temporaryFolder } from './temporary-folder';

type WhisperEncoder = Extract<EncoderOptions, { kind: 'whisper' }>;

const inFolder = temporaryFolder();
/** Of 6 channels in 2 layers, as OpenAI saves them: whisper-weights/make.py. */
const published = join(__dirname, 'whisper-weights', 'small.pt');
const whisper = { ...smallEncoders.whisper, channels: 6, sampleRate: 16_000 };

function small(
  encoder: Partial<WhisperEncoder> = {},
  { samples = 1000, seed = 11 } = {},
): HyperNetwork {
  const dtype = 'float64';
  return smallHyperSound('nerf', { samples, encoder: { ...whisper, ...encoder }, dtype, seed });
}

const sounds = (samples = 1000) => smallSounds(2, { samples, dtype: 'float64' });

/** Numbers of the encoder's tensors whose names have this form. */
function countOf(encoder: EncoderOptions, names: RegExp): number {
  const target = { kind: 'nerf', layers: [1], encoding: 1 };
  const described = addon().describeModel('hypersound', { target, hidden: [1], encoder });
  return described
    .filter(([name]) => name.startsWith('encoder.') && names.test(name))
    .reduce((sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** The updates and everything else that learns, away from where they start. */
function stirred(model: HyperNetwork): HyperNetwork {
  noGrad(() =>
    scope(() => {
      for (const tensor of model.parameters().values()) {
        tensor.copy_(tensor.add(directionLike(tensor).mul(0.3)));
      }
    }),
  );
  return model;
}

describe('the Whisper encoder', () => {
  const fixed = /^encoder\.(conv|embed|layer)(?!.*lora)/;

  it('has the sizes of the published ones', () => {
    expect(countOf({ kind: 'whisper' }, fixed)).toBe(8_208_384);
    const large = { channels: 1280, layers: 32 };
    expect(countOf({ kind: 'whisper', ...large }, fixed)).toBe(636_784_640);
    // For each layer, queries and values: A [8, 384] and B [384, 8].
    expect(countOf({ kind: 'whisper' }, /lora/)).toBe(4 * 2 * 2 * 8 * 384);
    // Three gates of 3296 from 384 and from themselves.
    expect(countOf({ kind: 'whisper' }, /gru/)).toBe(3 * 3296 * (384 + 3296 + 2));
  });

  it('learns its updates and the GRU; the rest is fixed, and part of the file', async () => {
    const path = inFolder('whole.safetensors');
    using model = stirred(small());
    const names = [...model.parameters().keys()].filter((name) => name.startsWith('encoder.'));
    expect(names.filter((name) => !/\.(lora_[ab]|(weight|bias)_[ih]h)$/.test(name))).toEqual([]);
    expect([...model.stateDict().keys()]).toEqual(
      expect.arrayContaining(['encoder.conv1.weight', 'encoder.layers.1.fc2.bias']),
    );
    await loadWhisperWeights(model, published);
    await model.save(path);
    using loaded = await load(path);
    scope(() => {
      const audio = sounds();
      expect(numbers((loaded as HyperNetwork).codes(audio))).toEqual(numbers(model.codes(audio)));
    });
  });

  it('gives what it gives for the recording with its silence written out', () => {
    scope(() => {
      const encoder = { seconds: 0.5, width: 0 };
      using short = small(encoder, { samples: 1000 });
      using long = small(encoder, { samples: 8000 });
      const audio = sounds(1000);
      const filled = ops.cat([audio, ops.zeros([2, 7000], { dtype: 'float64' })], 1);
      const [own, whole] = [short.codes(audio), long.codes(filled)];
      // 20 ms a position.
      expect([own.shape, whole.shape]).toEqual([
        [2, 4 * 6],
        [2, 25 * 6],
      ]);
      expectClose(own, numbers(whole.narrow(1, 0, 24)), 1e-9);
      using alone = small({ ...encoder, seconds: 0 });
      expect(numbers(alone.codes(audio))).not.toEqual(numbers(own));
    });
  });

  it('hears a tone of another rate where it is at 16 kHz', () => {
    scope(() => {
      const tone = (rate: number, samples: number) =>
        ops
          .sin(ops.arange(0, samples, { dtype: 'float64' }).mul((2 * Math.PI * 1000) / rate))
          .mul(0.5)
          .reshape([1, samples]);
      const encoder = { seconds: 0, width: 0 };
      using other = small({ ...encoder, sampleRate: 22_050 }, { samples: 22_050 });
      using own = small(encoder, { samples: 16_000 });
      const [given, expected] = [
        other.codes(tone(22_050, 22_050)),
        own.codes(tone(16_000, 16_000)),
      ];
      expect(given.shape).toEqual(expected.shape);
      // Away from the ends, which ring.
      const middle = (codes: Tensor) => codes.narrow(1, 6 * 10, 6 * 5);
      expectClose(middle(given), numbers(middle(expected)), 2e-3);
    });
  });

  it.each<[object, object, string | undefined, RegExp]>([
    [{ headWidth: 4 }, {}, undefined, /encoder\.headWidth is 4; expected a divisor of .* 6/],
    [{}, { samples: 200 }, undefined, /samples is 200.*Whisper needs 201/],
    [{}, { samples: 500_000 }, undefined, /31\.25 s; Whisper hears at most 30/],
    [{ sampleRate: 44_101 }, {}, undefined, /44101 and 16000 Hz have too small a common factor, 1/],
    [{ seconds: 31 }, {}, 'encoder.seconds', /from 0 to 30/],
    [{ lora: { rank: -1 } }, {}, 'encoder.lora.rank', /rank is -1/],
    [{ lora: { queries: true } }, {}, 'encoder.lora.queries', /no such option; expected rank/],
  ])('says what is wrong with %j, %j', (encoder, more, field, message) => {
    expect(() => small(encoder, more)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        ...(field && { field }),
        message: expect.stringMatching(message),
      }),
    );
  });
});

/** A safetensors file in bfloat16: the upper halves of float32 numbers. */
function writeBfloat16(path: string, state: ReadonlyMap<string, Tensor>): void {
  let end = 0;
  const parts: Buffer[] = [];
  const header = [...state].map(([name, tensor]) => {
    const upper = Uint16Array.from(
      new Uint32Array(Float32Array.from(numbers(tensor)).buffer),
      (bits) => bits >>> 16,
    );
    parts.push(Buffer.from(upper.buffer));
    const offsets = [end, end + upper.byteLength];
    end += upper.byteLength;
    return [name, { dtype: 'BF16', shape: tensor.shape, data_offsets: offsets }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path, Buffer.concat([length, json, ...parts]));
}

describe('weights of a Whisper', () => {
  const transformers = (name: string) =>
    `model.${name
      .replace('positional_embedding', 'embed_positions.weight')
      .replace('blocks', 'layers')
      .replace('attn.query', 'self_attn.q_proj')
      .replace('attn.key', 'self_attn.k_proj')
      .replace('attn.value', 'self_attn.v_proj')
      .replace('attn.out', 'self_attn.out_proj')
      .replace('attn_ln', 'self_attn_layer_norm')
      .replace('mlp.0', 'fc1')
      .replace('mlp.2', 'fc2')
      .replace('mlp_ln', 'final_layer_norm')
      .replace('ln_post', 'layer_norm')}`;

  it('are the same from OpenAI, in float16, and by the names of transformers, in others', async () => {
    await scope(async () => {
      using first = small();
      await loadWhisperWeights(first, published);
      const { tensors } = await readTorchFile(published);
      const names = [...tensors.keys()].filter((name) => name.includes('.encoder.'));
      expect(names).toHaveLength(5 + 15 * 2 + 2);
      const state = new Map(
        names.map((name) => [
          transformers(name.slice('model_state_dict.'.length)),
          (tensors.get(name) as Tensor).to({ dtype: 'float32' }),
        ]),
      );
      const audio = sounds();
      const expected = numbers(first.codes(audio));
      const float32 = inFolder('float32.safetensors');
      await writeSafetensors(float32, state);
      const brief = inFolder('bfloat16.safetensors');
      writeBfloat16(brief, state);
      for (const [path, tolerance] of [
        [float32, 0],
        [brief, 0.1], // it keeps 8 bits
      ] as const) {
        using second = small({}, { seed: 11 });
        await loadWhisperWeights(second, path);
        expectClose(second.codes(audio), expected, tolerance);
      }
      const weight = first.stateDict().get('encoder.layers.1.self_attn.k_proj.weight') as Tensor;
      const stored = tensors.get('model_state_dict.encoder.blocks.1.attn.key.weight') as Tensor;
      expect(numbers(weight)).toEqual(numbers(stored.to({ dtype: 'float64' })));
    });
  });

  it('of another size, cut short or of another model are refused, and nothing changes', async () => {
    using model = small();
    const before = numbersOf(model);
    const refused = async (path: string, message: RegExp, code = 'FILE_FORMAT') =>
      expect(await loadWhisperWeights(model, path).catch((error) => error)).toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    await refused(inFolder('nothing.pt'), /no such file/, 'FILE_NOT_FOUND');
    const cut = inFolder('cut.pt');
    writeFileSync(cut, readFileSync(published).subarray(0, -2000));
    await refused(cut, /cut\.pt/);
    const network = inFolder('network.safetensors');
    await model.save(network);
    using wider = small({ channels: 8 });
    const error = await loadWhisperWeights(wider, published).catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(
        /"conv1\.weight" is \[6, 5, 3\], not \[8, 5, 3\] of this encoder; .* mels: 5, channels: 6, layers: 2/,
      ),
    });
    using deeper = small({ layers: 3 });
    await expect(loadWhisperWeights(deeper, published)).rejects.toThrow(
      /lacks ".*layers\.2\.self_attn/,
    );
    using other = smallHyperSound('nerf');
    await expect(loadWhisperWeights(other, published)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'model',
    });
    expect(numbersOf(model)).toEqual(before);
  });
});

const numbersOf = (model: HyperNetwork) =>
  scope(() => [...model.stateDict().values()].flatMap((tensor) => numbers(tensor)));

describe('low-rank updates', () => {
  it('are saved alone, taken by a model of the same Whisper, and refused by others', async () => {
    const path = inFolder('updates.safetensors');
    using model = stirred(small());
    await saveLora(model, path);
    // 2 layers of A [2, 6] and B [6, 2] for queries, values and outputs, in float64.
    expect(statSync(path).size).toBeLessThan(2 * 3 * 24 * 8 + 3000);
    using same = small();
    await loadLora(same, path);
    scope(() => {
      const own = same.parameters();
      for (const [name, tensor] of model.parameters()) {
        if (!name.includes('lora')) continue;
        expect(numbers(own.get(name) as Tensor)).toEqual(numbers(tensor));
      }
    });
    for (const change of [
      { channels: 8 },
      { layers: 1 },
      { lora: { ...whisper.lora, alpha: 3 } },
      { lora: { rank: 2 } },
    ]) {
      using other = small(change);
      const before = numbersOf(other);
      await expect(loadLora(other, path)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
      expect(numbersOf(other)).toEqual(before);
    }
    using without = small({ lora: { rank: 0 } });
    await expect(saveLora(without, path)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(loadLora(model, published)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });

  it('can be merged into the weights: the codes stay what they were', () => {
    scope(() => {
      using model = stirred(small());
      const audio = sounds();
      const before = model.codes(audio);
      const weight = model.stateDict().get('encoder.layers.0.self_attn.q_proj.weight') as Tensor;
      const kept = numbers(weight);
      mergeLora(model);
      expectClose(model.codes(audio), numbers(before), 1e-12);
      expect(numbers(weight)).not.toEqual(kept);
      mergeLora(model);
      expectClose(model.codes(audio), numbers(before), 1e-12);
    });
  });
});
