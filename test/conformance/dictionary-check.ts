import { type DictionaryMetrics, dictionaryMetrics } from '../../lib/analysis/index.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';
import { ruleOf } from './tolerance.js';

/** Metrics by their names in the file; its A is the smallest eigenvalue that is not 0. */
const metrics: Readonly<Record<string, (found: DictionaryMetrics) => ArrayLike<number>>> = {
  A: ({ lambdaMinPlus }) => [lambdaMinPlus],
  B: ({ B }) => [B],
  lambda: ({ eigenvalues }) => eigenvalues,
  babel: ({ babel }) => babel,
  betamin: ({ betaMin }) => [betaMin],
  betaavg: ({ betaAvg }) => [betaAvg],
  betamse: ({ betaMse }) => [betaMse],
  mu: ({ mu }) => [mu],
  muavg: ({ muAvg }) => [muAvg],
  mumse: ({ muMse }) => [muMse],
};

/** Checks the geometry of dictionaries: `di.atoms` [dimension, atoms] and `di.METRIC`. */
export async function checkDictionaries(golden: GoldenFile): Promise<CheckResult> {
  const names = [...golden.tensors.keys()].filter((name) => name.endsWith('.atoms'));
  const comparisons = names.flatMap((atomsName) => {
    const place = atomsName.slice(0, -'.atoms'.length);
    const atoms = golden.tensor(atomsName);
    const found = dictionaryMetrics(atoms, { babel: atoms.shape[1] as number });
    return [...golden.group(place)].flatMap(([name, value]) => {
      if (name === 'atoms') return [];
      const metric = metrics[name];
      if (metric === undefined) throw new Error(`there is no metric "${name}" of a dictionary`);
      const rule = ruleOf(golden, 'float64');
      return [compare(`${place}.${name}`, metric(found), numbers(value), rule)];
    });
  });
  return { comparisons };
}
