import { existsSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError } from '../../errors.js';
import {
  type PinnedPackage,
  packageFolder,
  type SetupOptions,
  setUpPackage,
} from '../../setup/download.js';
import { readTorchFile, scope, type Tensor, writeSafetensors } from '../../tensor/index.js';

/** The wheel of the metric's authors, which holds the trained network. */
const cdpamPackage: PinnedPackage = {
  name: 'cdpam',
  version: '0.0.6',
  kind: 'wheel',
  digest: 'abd860166a55ada94cb653997deed481b518e3a593e9b417a969f99522009eba',
};

/** The checkpoint in the wheel. */
const checkpointPath = join('cdpam', 'CDPAM_trained', 'scratchJNDdefault_best_model.pth');

/** What set-up calls the weights in its folder. */
const weightsName = 'weights.safetensors';

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

/**
 * The tensors of the network by their names in the checkpoint, in the order of
 * native/metrics/cdpam.h.
 */
export function weightNames(): string[] {
  const normalization = ['weight', 'bias', 'running_mean', 'running_var'];
  const each = (count: number, names: (i: number) => string[]) =>
    Array.from({ length: count }, (_, i) => names(i)).flat();
  return [
    ...each(CONVOLUTIONS, (i) => [
      ...['weight', 'bias'].map((name) => `base_encoder.encoder.${i}.${name}`),
      ...normalization.map((name) => `base_encoder.ebatch.${i}.${name}`),
    ]),
    ...each(LINEARS, (i) => ['weight', 'bias'].map((name) => `model_dist.convs.${i}.0.${name}`)),
    ...each(LINEARS, (i) => [`model_dist.chan_w.${i}`]),
  ];
}

/** What set-up did. */
export interface CdpamSetup {
  readonly installed: boolean;
  /** The weights. */
  readonly path: string;
}

/**
 * Fetches the wheel of the Python package `cdpam` 0.0.6 (98 MB) with pip, its digest checked, and
 * keeps the network's weights as safetensors. The checkpoint in it is read without running its
 * pickle. Does nothing where it has been done.
 *
 * @throws FewSoundError NOT_SET_UP when Python, pip or the network is missing, ABORTED at the
 *   signal; what loading LibTorch throws
 */
export async function setupCdpam(
  options: SetupOptions & { force?: boolean } = {},
): Promise<CdpamSetup> {
  const installed = await setUpPackage(
    cdpamPackage,
    async (unpacked, folder) => {
      options.onProgress?.({ stage: 'build', message: 'converting the weights of CDPAM' });
      await convert(join(unpacked, checkpointPath), join(folder, weightsName));
      // What the package says of itself and its authors stays with the weights.
      const facts = (await readdir(unpacked)).find((name) => name.endsWith('.dist-info'));
      if (facts !== undefined) {
        await copyFile(join(unpacked, facts, 'METADATA'), join(folder, 'METADATA'));
      }
    },
    options,
  );
  return { installed, path: cdpamWeightsPath() };
}

function convert(checkpoint: string, out: string): Promise<void> {
  return scope(async () => {
    const { tensors } = await readTorchFile(checkpoint);
    const weights = new Map<string, Tensor>();
    for (const name of weightNames()) {
      const weight = tensors.get(`state.${name}`);
      if (weight === undefined) {
        throw new FewSoundError('FILE_FORMAT', `${checkpoint}: the tensor ${name} is missing.`);
      }
      weights.set(name, weight);
    }
    const { name, version } = cdpamPackage;
    await writeSafetensors(out, weights, { source: `${name} ${version}` });
  });
}
