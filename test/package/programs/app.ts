// A program that esbuild bundles, the packages left outside: a fit, the decoders and the programs
// of worker threads must be found from the bundle.
import { createClip, fit, loadClip, Siren } from 'fewsound';
import { crossValidateSvm } from 'fewsound/analysis';

async function main(recording: string): Promise<number[]> {
  const tone = Float32Array.from({ length: 4096 }, (_, i) => 0.6 * Math.sin(i / 9));
  const siren = new Siren({ layers: [16, 16], seed: 1 });
  const { losses } = await fit(siren, createClip(tone, 8000), { steps: 2 });
  const rows = Array.from({ length: 40 }, (_, i) => [(i % 2) + Math.sin(i), i % 3]);
  const labels = rows.map((_, i) => i % 2);
  const options = { folds: 4, workers: 2 };
  const { predicted } = await crossValidateSvm(rows, labels, ['even', 'odd'], options);
  const { length } = await loadClip(recording, { samples: 1000 });
  return [losses.length, predicted.length, length];
}

main(process.argv[2] as string).then((facts) => console.log(JSON.stringify(facts)));
