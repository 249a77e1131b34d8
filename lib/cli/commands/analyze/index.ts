import type { Command } from 'commander';
import { type Execute, UsageError } from '../../command.js';
import { addAnalyzeClassify } from './classify.js';
import { addAnalyzeGeometry } from './geometry.js';
import { addAnalyzeSpectra } from './spectra.js';
import { addAnalyzeWigner } from './wigner.js';

/** `fewsound analyze`: declares it and what can be analysed; the work is loaded when it is called. */
export function addAnalyzeCommand(program: Command, execute: Execute): void {
  const analyze = program
    .command('analyze')
    .summary('look inside a model: response spectra, geometry of layers, filters')
    .description(
      'Looks inside a model: how its first layer responds to recordings (spectra), how the atoms of its layers lie (geometry), where its filters have their energy (wigner), how well its responses tell classes apart (classify).',
    )
    .allowExcessArguments()
    .action(() => {
      const [what] = analyze.args;
      throw new UsageError(
        `${what === undefined ? 'missing what to analyze' : `'${what}' is nothing to analyze`}: fewsound analyze spectra|geometry|wigner|classify MODEL`,
      );
    });
  addAnalyzeSpectra(analyze, execute);
  addAnalyzeGeometry(analyze, execute);
  addAnalyzeWigner(analyze, execute);
  addAnalyzeClassify(analyze, execute);
}
