import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedPackage, packageFolder } from '../../native/setup-download.js';

/** The wheel of the metric's authors, which holds the trained network. */
export const cdpamPackage: PinnedPackage = {
  name: 'cdpam',
  version: '0.0.6',
  kind: 'wheel',
  digest: 'abd860166a55ada94cb653997deed481b518e3a593e9b417a969f99522009eba',
};

/** The checkpoint in the wheel. */
export const checkpointPath = join('cdpam', 'CDPAM_trained', 'scratchJNDdefault_best_model.pth');

/** What set-up calls the weights in its folder. */
export const weightsName = 'weights.safetensors';

/** Where `fewsound setup cdpam` puts the weights, whether or not they are there. */
export function cdpamWeightsPath(): string {
  return join(packageFolder(cdpamPackage), weightsName);
}

/** Whether `fewsound setup cdpam` has been run here. */
export function isCdpamSetUp(): boolean {
  return existsSync(cdpamWeightsPath());
}

const CONVOLUTIONS = 16;
const LINEARS = 4;

/** The tensors of the network by their names in the checkpoint, in the order of native/metrics/cdpam.h. */
export function weightNames(): string[] {
  const normalisation = ['weight', 'bias', 'running_mean', 'running_var'];
  const each = (count: number, names: (i: number) => string[]) =>
    Array.from({ length: count }, (_, i) => names(i)).flat();
  return [
    ...each(CONVOLUTIONS, (i) => [
      ...['weight', 'bias'].map((name) => `base_encoder.encoder.${i}.${name}`),
      ...normalisation.map((name) => `base_encoder.ebatch.${i}.${name}`),
    ]),
    ...each(LINEARS, (i) => ['weight', 'bias'].map((name) => `model_dist.convs.${i}.0.${name}`)),
    ...each(LINEARS, (i) => [`model_dist.chan_w.${i}`]),
  ];
}
