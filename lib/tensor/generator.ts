import { addon } from '../addon/addon.js';
import type { GeneratorHandle } from '../addon/tensors.js';
import type { Device } from './device.js';

/**
 * A stream of random numbers of its own: what is drawn from it depends on its seed and on nothing else in the process.
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
   * @param device where the tensors are that it fills
   * @throws FewSoundError INVALID_ARGUMENT, DEVICE_UNAVAILABLE
   */
  constructor(seed: number | bigint, device: Device = 'cpu') {
    this.handle = addon().createGenerator(seed, device);
  }
}

/**
 * Seeds the random generators of the whole process (worker threads included): what draws from no Generator of its own.
 *
 * @param seed a whole number, 0 or more
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function manualSeed(seed: number | bigint): void {
  addon().manualSeed(seed);
}
