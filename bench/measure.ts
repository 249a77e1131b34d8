import { cpus } from 'node:os';
import { requireLibTorch } from '../lib/setup/libtorch.js';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Runs every contender once a round, in turn, so that a slow minute of the machine hits all of
 * them.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times[name].push(await contenders[name]());
  }
  return times;
}

/** What a figure depends on. */
export function machine(): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    node: process.versions.node,
    libtorch: requireLibTorch().version,
    kernel: process.env.FEWSOUND_CPU ?? 'best',
  };
}
