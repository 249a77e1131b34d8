// What trained CNNs came to, as tables for bench/results: node bench/classifier-table.mjs RUN…
//
// RUN is the folder of a `fewsound train-classifier`. Accuracy on the test part, then the geometry
// of each convolutional layer in the form of Tables 2 and 3 of paper 2, before and after training:
// a layer of several kernel widths is one dictionary, its atoms filled up with zeros to the
// longest.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readMetricsLog, scope } from 'fewsound';
import { blockDictionary, dictionaryMetrics } from 'fewsound/analysis';
import { readSafetensors } from 'fewsound/tensor';

/** The layers of a state: the weights of their branches, in order. */
function layersOf(tensors) {
  const layers = [];
  for (const [name, tensor] of tensors) {
    const [, layer] = /^layers\.(\d+)\.branches\.\d+\.weight$/.exec(name) ?? [];
    if (layer === undefined) continue;
    layers[Number(layer)] ??= [];
    layers[Number(layer)].push(tensor);
  }
  return layers;
}

async function geometry(path) {
  return scope(async () => {
    const { tensors } = await readSafetensors(path);
    return layersOf(tensors).map((weights) => {
      const dictionary = blockDictionary(weights.map((weight) => ({ weight, dilation: 1 })));
      return dictionaryMetrics(dictionary);
    });
  });
}

const number = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '-');
const romans = ['I', 'II', 'III', 'IV', 'V'];
const runs = process.argv.slice(2);

console.log('| run | epochs | validation | test | seconds |\n|---|---:|---:|---:|---:|');
for (const run of runs) {
  const records = await readMetricsLog(join(run, 'metrics.jsonl'));
  const best = Math.max(
    ...records.flatMap(({ accuracy }) => (accuracy === undefined ? [] : [accuracy])),
  );
  const { epoch, seconds } = records.at(-1);
  const test = join(run, 'test.json');
  const accuracy = existsSync(test) ? JSON.parse(readFileSync(test, 'utf8')).accuracy : Number.NaN;
  console.log(
    `| ${basename(run)} | ${epoch} | ${number(100 * best)} % | ${number(100 * accuracy)} % | ${Math.round(seconds)} |`,
  );
}
for (const run of runs) {
  console.log(`\n${basename(run)}\n`);
  const after = await geometry(join(run, 'checkpoints', 'best.safetensors'));
  const first = join(run, 'epochs', 'epoch-0000.safetensors');
  const before = existsSync(first) ? await geometry(first) : undefined;
  const layers = after.map((_, i) => romans[i]);
  console.log(`| | ${layers.map((name) => `${name} before | ${name} after`).join(' | ')} |`);
  console.log(`|---|${layers.map(() => '---:|---:').join('|')}|`);
  const names = { A: 'A', B: 'B', betaAvg: 'β_avg', mu: 'μ', muAvg: 'μ_avg' };
  for (const [key, title] of Object.entries(names)) {
    const cells = after.map(
      (layer, i) => `${number(before?.[i][key] ?? Number.NaN)} | ${number(layer[key])}`,
    );
    console.log(`| ${title} | ${cells.join(' | ')} |`);
  }
}
