// Several recordings are learnt in one loop, each by a network of its own, and kept in files.
//
//   npm run example -- fit-many-recordings one.wav two.wav three.wav
import { basename } from 'node:path';
import { fitAll, KAN, loadClip } from 'fewsound';

async function main(paths: readonly string[]): Promise<void> {
  const clips = await Promise.all(
    paths.map((path) => loadClip(path, { sampleRate: 22_050, samples: 32_768 })),
  );
  const fitted = await fitAll(clips, {
    network: () => new KAN({ grid: 10, order: 3, seed: 1 }),
    steps: 300,
    onProgress: ({ step, loss, secondsLeft }) =>
      console.log(`step ${step}, mean loss ${loss.toFixed(4)}, ${secondsLeft.toFixed(0)} s left`),
  });
  for (const { index, network, siSnr } of fitted) {
    const file = `${basename(paths[index] as string)}.safetensors`;
    await network.save(file);
    console.log(`${file}: SI-SNR ${siSnr?.toFixed(2)} dB`);
  }
}

const lena = 'node_modules/audio-lena/lena.wav';
main(process.argv.length > 2 ? process.argv.slice(2) : [lena, lena]);
