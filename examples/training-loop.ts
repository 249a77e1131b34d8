// The same training as `fit`, step by step, for people who want to change it.
//
//   npm run example -- training-loop speech.wav
import {
  AdamW,
  KAN,
  learningRateAt,
  loadClip,
  ReconstructionLoss,
  scope,
  tensor,
  timeAxis,
} from 'fewsound';

const STEPS = 200;

async function main(path: string): Promise<void> {
  const clip = await loadClip(path, { sampleRate: 22_050, samples: 32_768 });
  const kan = new KAN({ grid: 10, order: 2, seed: 1 });
  const loss = new ReconstructionLoss({ sampleRate: clip.sampleRate });

  scope(() => {
    const t = timeAxis(clip.length); // [samples, 1]
    const target = tensor(clip.samples).unsqueeze(0); // [1, samples]
    const optimizer = new AdamW(kan.parameters(), { learningRate: 5e-3 });
    for (let step = 0; step < STEPS; step++) {
      // Whatever a step makes is freed when it ends: the collector cannot do that inside a loop.
      scope(() => {
        optimizer.zeroGrad();
        const estimate = kan.forward(t).reshape([1, clip.length]);
        const value = loss.compute(estimate, target);
        value.backward();
        optimizer.step(
          learningRateAt({ schedule: 'cosine', learningRate: 5e-3, steps: STEPS }, step),
        );
        if (step % 20 === 0) console.log(step, value.item());
      });
    }
  });
  kan.dispose();
}

main(process.argv[2] ?? 'node_modules/audio-lena/lena.wav');
