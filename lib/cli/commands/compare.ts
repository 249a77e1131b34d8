import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { InrKind } from '../../nn/index.js';
import { kindName } from '../../report/text-table.js';
import { recipeFor } from '../../train/index.js';
import { networksOf, recipesOf, recipesOfOneNetwork } from '../../train/recipes.js';
import { defineCommand, isGiven, UsageError, type Values } from '../command.js';
import { addModelFlags, KINDS, modelOptions } from '../flags/networks.js';
import { argument, flag, namesOf, quietFlag } from '../flags/parsers.js';
import { recordingFlags } from '../flags/recording.js';
import { recipeSettings, trainingFlags, trainingSettings } from '../flags/training.js';
import type { Comparison, Contender } from '../runs/comparison.js';
import { compareFolder } from '../runs/folder-comparison.js';
import { compareRecording } from '../runs/recording-comparison.js';
import { watchFlags, withPage } from '../terminal/page.js';

const inputs = {
  audio: argument(
    '<audio>',
    'recording to learn: wav, flac, mp3, ogg or opus; or a folder of them',
  ),
  models: flag('--models <names>', 'the networks, separated by commas', namesOf(KINDS), [...KINDS]),
  recipes: flag(
    '--recipes <names>',
    `how the KAN and, where --models has it, FINER are fitted, a row for each: names out of ${recipesOfOneNetwork.join(', ')}, separated by commas; without --models of the KAN alone; default: paper`,
    namesOf(recipesOfOneNetwork),
  ),
  out: flag('--out <folder>', 'folder for the results; default: fewsound-out/NAME-comparison'),
  resume: flag('--resume', 'resume the interrupted comparison of a folder, with the same options'),
  quiet: quietFlag,
  ...watchFlags,
  ...recordingFlags,
  ...trainingFlags,
};

type Given = Values<typeof inputs>;

export const compare = defineCommand({
  description:
    'Fits each network to the recording with the same steps and seed, prints one table of metrics and writes one report with the spectrograms side by side. With --recipes it compares ways to fit a KAN or a FINER, each with the steps of its own unless --steps is given. Given a folder, it fits every recording in it and below it, and the table has means and standard deviations. The last row, MDCT, is no network: it is what as many numbers hold without learning.',
  examples: [
    'fewsound compare speech.flac --models kan,siren,nerf --steps 500',
    'fewsound compare clips --sample-rate 22050 --steps 10000 --out table1',
  ],
  inputs,
  addFlags: addModelFlags,
  async run(given, context, command) {
    const { audio, resume = false } = given;
    const { samples, sampleRate, offset, channel } = given;
    const comparison: Comparison = {
      audio,
      contenders: contendersOf(given, command),
      recording: { samples, sampleRate, offset, channel },
      training: trainingSettings(given),
      out: given.out ?? join('fewsound-out', `${nameOf(audio)}-comparison`),
    };
    if (isFolder(audio)) {
      if (given.watch) throw new UsageError('--watch is for one recording, not for a folder.');
      return compareFolder(comparison, resume, context);
    }
    if (resume) {
      throw new UsageError(`--resume is for a folder of recordings; ${audio} is not a folder.`);
    }
    return withPage(given, audio, context, (watched) => compareRecording(comparison, watched));
  },
});

/** What is compared. */
function contendersOf(given: Given, command: Command): Contender[] {
  const { recipes } = given;
  const kinds = recipes && !isGiven(command, 'models') ? (['kan'] as const) : given.models;
  if (recipes && !kinds.some(hasRecipes)) {
    throw new UsageError(
      `--recipes are for ${KINDS.filter(hasRecipes).join(' and ')}, and --models has none of them.`,
    );
  }
  return [...modelOptions(command, kinds)].flatMap(([kind, own]): Contender[] => {
    const plain = {
      ...{ name: kind, label: kindName(kind), kind, modelOptions: own },
      training: trainingSettings(given),
    };
    if (recipes === undefined || !hasRecipes(kind)) return [plain];
    return recipes.map((name) => {
      const recipe = recipeFor(name, kind);
      return {
        ...{ name: `${kind}-${name}`, label: `${kindName(kind)} ${name}`, kind },
        recipe: { name, version: recipe.version },
        modelOptions: { ...networksOf(recipe, own)[0] },
        training: recipeSettings(given, recipe, command),
      };
    });
  });
}

/** Whether a kind of network has recipes beside the paper's. */
const hasRecipes = (kind: InrKind): boolean => recipesOf(kind).length > 1;

const isFolder = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const nameOf = (audio: string) =>
  isFolder(audio) ? basename(resolve(audio)) : basename(audio, extname(audio));
