import type { LoadOptions } from '../load.js';
import { FewSound, type FewSoundOptions } from './few-sound.js';
import { loadModelFile } from './hyper-file.js';
import type { HyperNetworkKind } from './hyper-network.js';
import { HyperSound, type HyperSoundOptions } from './hyper-sound.js';

/** A model by the name of its kind; undefined for no such name. */
export function createHyperNetwork(
  kind: unknown,
  options: FewSoundOptions | HyperSoundOptions,
): FewSound | HyperSound | undefined {
  const kinds: Record<HyperNetworkKind, () => FewSound | HyperSound> = {
    fewsound: () => new FewSound(options),
    hypersound: () => new HyperSound(options),
  };
  return typeof kind === 'string' && Object.hasOwn(kinds, kind)
    ? kinds[kind as HyperNetworkKind]()
    : undefined;
}

/**
 * Reads a model that `save` or a training wrote. Nothing in the file is executed.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT, naming what is wrong, for a file that is cut
 *   short, that holds something else, or whose tensors are not those of the model that it names;
 *   DEVICE_UNAVAILABLE
 */
export async function loadHyperNetwork(
  path: string,
  { device = 'cpu' }: LoadOptions = {},
): Promise<FewSound | HyperSound> {
  return loadModelFile(path, device, createHyperNetwork);
}
