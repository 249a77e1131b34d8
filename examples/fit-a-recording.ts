// A Kolmogorov-Arnold network learns a recording, tells how well, and is kept in a file.
//
//   npm run example -- fit-a-recording speech.wav
import { evaluate, fit, KAN, loadClip } from 'fewsound';

async function main(path: string): Promise<void> {
  const clip = await loadClip(path, { sampleRate: 22_050, samples: 32_768 });
  const kan = new KAN({ grid: 10, order: 3, seed: 1 });
  await fit(kan, clip, {
    steps: 300,
    onProgress: ({ step, loss, siSnr }) => console.log(step, loss.toFixed(4), siSnr?.toFixed(2)),
  });
  console.table(await evaluate(clip, kan.render(clip.length)));
  await kan.save('recording.safetensors');
}

main(process.argv[2] ?? 'node_modules/audio-lena/lena.wav');
