// The same package through `require`: it is compiled against the installed package, never run.
import fewsound = require('fewsound');
import tensors = require('fewsound/tensor');

async function main(): Promise<number> {
  const clip: fewsound.Clip = fewsound.createClip(new Float32Array(4096), 8000);
  const siren: fewsound.Siren = new fewsound.Siren({ seed: 1 });
  const { loss, stoppedBy }: fewsound.FitResult = await fewsound.fit(siren, clip, { steps: 2 });
  // @ts-expect-error a fit ends for one of four reasons
  if (stoppedBy === 'boredom') return 0;
  // @ts-expect-error a network is made with `new`
  fewsound.Siren({ seed: 1 });
  const one: fewsound.Tensor = tensors.ones([1]);
  one.dispose();
  return loss;
}

void main();
