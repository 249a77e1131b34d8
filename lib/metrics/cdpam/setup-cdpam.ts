import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError } from '../../native/errors.js';
import type { SetupOptions } from '../../native/setup-command.js';
import { setUpPackage } from '../../native/setup-download.js';
import { readTorchFile, scope, type Tensor, writeSafetensors } from '../../tensor/index.js';
import {
  cdpamPackage,
  cdpamWeightsPath,
  checkpointPath,
  weightNames,
  weightsName,
} from './cdpam-package.js';

/** What set-up did. */
export interface CdpamSetup {
  readonly installed: boolean;
  /** The weights. */
  readonly path: string;
}

/**
 * Fetches the wheel of the Python package `cdpam` 0.0.6 (98 MB) with pip, its digest checked, and keeps the network's
 * weights as safetensors. The checkpoint in it is read without running its pickle. Does nothing where it has been done.
 *
 * @throws FewSoundError NOT_SET_UP when Python, pip or the network is missing, ABORTED at the signal; what loading LibTorch
 *   throws
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
