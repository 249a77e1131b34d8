import { addon } from '../addon/addon.js';
import type { GeneratorHandle } from '../addon/tensors.js';
import type { Device } from './device.js';

/**
 * A random number stream of its own: its draws depend on its seed and on nothing else.
 *
 * ```ts
 * const noise = ops.randn([1024], { generator: new Generator(7) });
 * ```
 */
export class Generator {
  /** @internal */
  readonly handle: GeneratorHandle;

  /**
   * @param seed a whole number, 0 or more
   * @param device of the tensors that it fills
   * @throws FewSoundError INVALID_ARGUMENT, DEVICE_UNAVAILABLE
   */
  constructor(seed: number | bigint, device: Device = 'cpu') {
    this.handle = addon().createGenerator(seed, device);
  }
}

/**
 * Seeds the global random generators of the whole process, worker threads included, which are used
 * where no Generator is given.
 *
 * @param seed a whole number, 0 or more
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function manualSeed(seed: number | bigint): void {
  addon().manualSeed(seed);
}
