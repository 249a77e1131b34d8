import { formatCount } from '../report/numbers.js';

/** How large a recording is as networks, and as samples. */
export interface ByteSizes {
  /** Of the file of the networks. */
  readonly networks: number;
  /** Of the samples in 16 bits. */
  readonly samples16: number;
}

/** @param samples at the rate that the networks learned */
export function byteSizes(networks: number, samples: number): ByteSizes {
  return { networks, samples16: 2 * samples };
}

/** Both sizes and their ratio, in a sentence. */
export function sizeText({ networks, samples16 }: ByteSizes): string {
  const ratio = (networks / samples16).toPrecision(3);
  return `${formatCount(networks)} bytes, ${ratio} times the ${formatCount(samples16)} of the samples in 16 bits`;
}
