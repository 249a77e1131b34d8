import { recipesOfOneNetwork } from '../../train/recipes.js';
import { UsageError, type Values } from '../command.js';
import { choice, deviceName, flag, integerFrom, type Parser, threadsFlag } from './parsers.js';

const shard: Parser<{ index: number; count: number }> = (text) => {
  const [index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError(`--shard is ${text}; expected I/N with I from 1 to N, such as 2/8.`);
};

/** Flags of the tables of the papers whose results are fits. */
export const tableFitFlags = {
  clips: flag('--clips <folder>', 'recordings: the audio files in a folder and below it'),
  corpus: flag(
    '--corpus <words...>',
    'recordings: a corpus and its folder, such as vctk DIR; of each speaker, genre or fold as many as the paper took',
  ),
  limit: flag(
    '--limit <recordings>',
    'recordings at most; default: as many as the paper took, of --clips all',
    integerFrom(1),
  ),
  rows: flag(
    '--rows <names>',
    'fit only these rows or parts of the table, with commas between',
    (text) => text.split(',').map((name) => name.trim()),
  ),
  steps: flag(
    '--steps <count>',
    "steps of every fit; default: the paper's 10000, or those of the network's recipe",
    integerFrom(1),
  ),
  recipe: choice(
    '--recipe <name>',
    "how the KAN is fitted; paper: as the others, by the paper's settings",
    // A table compares networks of about one size: not the recipe that goes on to wider ones.
    recipesOfOneNetwork,
    'paper',
  ),
  seed: flag(
    '--seed <number>',
    'of the networks, and of the choice of recordings and of stretches of them',
    integerFrom(0),
    0,
  ),
  shard: flag(
    '--shard <i/n>',
    'the share of this process: every n-th result, from the i-th on; implies --resume',
    shard,
  ),
  resume: flag('--resume', 'keep the results that the folder has, and go on'),
  tableOnly: flag('--table-only', 'fit nothing: make the table of the results there are'),
  device: flag('--device <name>', 'where to compute: cpu, cuda or cuda:N', deviceName, 'cpu'),
  threads: threadsFlag,
};

/** What is given for the fits of a table. */
export type TableFitValues = Values<typeof tableFitFlags>;
