import { readTable } from '../../tables/table.js';
import { defineCommand, isGiven, UsageError } from '../command.js';
import { argument, flag, quietFlag } from '../flags/parsers.js';
import { tableFitFlags } from '../flags/table-fits.js';
import { reproduceFits, reproduceRuns } from '../runs/reproduction.js';

const inputs = {
  table: argument(
    '<table>',
    '1 to 19: a table of the paper on KAN and FewSound; analysis-1 to analysis-4: of that on waveform models',
  ),
  out: flag('--out <folder>', 'folder of the results; default: fewsound-out/table-NAME'),
  quiet: quietFlag,
  ...tableFitFlags,
};

export const reproduce = defineCommand({
  description:
    'Runs a table of the papers and puts the numbers beside theirs. Each result is a fit in a folder of its own, and is not computed again: processes can share the work, and be stopped. Of the tables of trained models it names the commands, and makes the table of what they left.',
  examples: [
    'fewsound reproduce 1 --corpus vctk VCTK-Corpus-0.92 --limit 10',
    'fewsound reproduce 3 --out fewsound-out/table-3',
  ],
  inputs,
  async run(given, context, command) {
    const table = await readTable(given.table);
    if (table.source === 'fits') return reproduceFits(table, given, context);
    const other = Object.keys(tableFitFlags).find((name) => isGiven(command, name));
    if (other === undefined) return reproduceRuns(table, given);
    throw new UsageError(
      `table ${given.table} is of trained models, which other commands make: it takes --out only. Leave the others out to see these commands.`,
    );
  },
});
