// A user's program as an ES module. It is compiled against the installed package, never run.
import {
  type Clip,
  createHyperNetwork,
  evaluate,
  FewSound,
  FewSoundError,
  type FewSoundErrorDetails,
  type FitResult,
  fit,
  inrKinds,
  KAN,
  load,
  loadClip,
  scope,
  type Tensor,
  tensor,
  train,
  writeWav,
} from 'fewsound';
import { readModelFile } from 'fewsound/analysis';
import { openCorpus } from 'fewsound/data';
import { writeReport } from 'fewsound/report';
import { ops, type Tensor as SameTensor } from 'fewsound/tensor';

const clip: Clip = await loadClip('speech.flac', { sampleRate: 22_050, samples: 32_768 });
const kan = new KAN({ grid: 10, order: 3, seed: 1 });
const result: FitResult = await fit(kan, clip, {
  steps: 1000,
  schedule: 'cosine',
  signal: AbortSignal.timeout(60_000),
  onProgress: ({ step, loss, siSnr }) => console.log(step.toFixed(), loss, siSnr ?? 'undefined'),
});
const losses: Float64Array = result.losses;
const { lsd } = await evaluate(clip, kan.render(clip.length));
console.log(losses.length, lsd, inrKinds.join(' '));

const network = await load('speech.safetensors');
if (network.kind === 'kan') {
  const samples: Float32Array = network.render({ from: 0.2, to: 1, sampleRate: 48_000 });
  await writeWav('speech.wav', { channels: [samples], sampleRate: 48_000 });
}

const doubled: Tensor = scope(() => tensor([[1, 2]]).mul(2));
const same: SameTensor = ops.relu(doubled);
doubled.dispose();

// What one entry gives, another takes.
const model = new FewSound({ target: { kind: 'kan' } });
await train(model, await openCorpus('corpus'), { folder: 'run', epochs: 1 });
const made: FewSound = createHyperNetwork('fewsound', { warmupEpochs: 0 });
const epochs: number = made.options.warmupEpochs + model.options.universalKernel;
const { state } = await readModelFile('speech.safetensors');
console.log(same.shape, state.size, typeof writeReport, epochs.toFixed());

const details: FewSoundErrorDetails = { field: 'grid' };
console.log(new FewSoundError('INVALID_ARGUMENT', 'no such grid', details).code);
try {
  await load('nothing');
} catch (error) {
  if (error instanceof FewSoundError && error.code === 'FILE_NOT_FOUND') console.log(error.field);
}

// Where the declarations came out as `any`, nothing of this would be an error.
// @ts-expect-error a grid is a number
new KAN({ grid: 'ten' });
// @ts-expect-error no such option
await fit(kan, clip, { epochs: 3 });
// @ts-expect-error a clip is no array
await fit(kan, [0, 1]);
// @ts-expect-error HyperSound has no warm-up
createHyperNetwork('hypersound', { warmupEpochs: 0 });
// @ts-expect-error not an operator
tensor([1]).multiplyBy(2);
