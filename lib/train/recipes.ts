// Recipes: the network, the loss and the course of a fit that sound best in a given time, each with
// its version. docs/recipes.md says why they are so and what they were measured to do.

import type { Clip } from '../audio/index.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import {
  amplitudeEnvelope,
  type EncodingFrequencies,
  type Envelope,
  encodingFrequencies,
  type Inr,
} from '../nn/index.js';
import type { KanOptions, LossOptions } from '../options.generated.js';
import { defined } from '../options.js';
import type { FitOptions } from './fit-options.js';
import type { FitStart } from './start.js';
import { type Attempt, TRANSPARENT, transparentShapes } from './transparent.js';

export const recipeNames = ['paper', 'quick', 'best', 'transparent'] as const;
export type RecipeName = (typeof recipeNames)[number];

/** Those that fit one network, and not wider ones in turn. */
export const recipesOfOneNetwork = recipeNames.filter((name) => name !== 'transparent');

/** Options of a KAN, its frequencies and its envelope also by a rule. */
export interface RecipeNetwork extends Omit<KanOptions, 'encodingFrequencies' | 'envelope'> {
  encodingFrequencies?: EncodingFrequencies;
  envelope?: Envelope;
}

/** How to fit a KAN to a clip. */
export interface Recipe {
  readonly name: RecipeName;
  /** Rises with every change of what follows. */
  readonly version: number;
  /** What it is for, a sentence. */
  readonly meaning: string;
  readonly network: RecipeNetwork;
  /** Networks to go on to, in turn, until a fit is transparent: see {@link isTransparent}. */
  readonly wider: readonly RecipeNetwork[];
  readonly fit: FitOptions;
}

/**
 * The noise of a network is as loud throughout, and is heard where the recording is quiet. What is
 * divided by an envelope is more nearly as loud throughout, too, and the noise goes down with it.
 */
const ENVELOPE: Envelope = { points: 54, power: 0.375 };

/**
 * Phase first, level last. The mel loss accepts any phase and, at its full weight, keeps the
 * waveform loss from turning it; so the first part learns the waveform with its high bands lifted,
 * and the second one adds what is heard: complex spectra and the level of the bands.
 *
 * A step of the first part learns from a quarter of the samples: three times the steps in the same
 * time bring it further. The second part, whose weights are those of the whole recording, has all.
 *
 * @param first steps of the first part
 * @param second of the second one; over the last three fifths of it the rate falls to 0
 */
function phaseFirst(first: number, second: number): FitOptions & { steps: number } {
  const steps = first + second;
  const half = first / steps;
  return {
    ...{ steps, share: 0.25, shareUntil: half, learningRate: 1e-2 },
    schedule: { kind: 'warmupStableDecay', decay: (0.6 * second) / steps },
    loss: {
      ...{ time: 0.3, emphasized: 1, mel: 0.03 },
      course: [
        { from: half, time: 0.2, emphasized: 0.8, mel: 0.1, stft: 0.3 },
        { from: half + 0.6 * (1 - half), glide: true, mel: 0.5 },
      ],
    },
  };
}

/**
 * What a name stands for.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a name that is none of `recipeNames`
 */
export function recipeFor(name: RecipeName): Recipe {
  const shapes = transparentShapes.map(
    (shape): RecipeNetwork => ({
      ...{ order: 2, ...shape },
      encodingFrequencies: { kind: 'band', count: 7 },
      envelope: ENVELOPE,
    }),
  );
  const own = (version: number, meaning: string, fit: FitOptions): Recipe => ({
    ...{ name, version, meaning, network: shapes[0] as RecipeNetwork, wider: [], fit },
  });
  switch (name) {
    case 'paper':
      return {
        ...{ name, version: 1 },
        meaning: "the paper's network and loss, for comparisons",
        ...{ network: {}, wider: [], fit: {} },
      };
    case 'quick':
      return own(4, 'the best sound in about 20 seconds on two cores', phaseFirst(1500, 500));
    case 'best':
      return own(4, 'the best sound in about a minute on two cores', phaseFirst(4500, 1500));
    case 'transparent':
      return {
        ...own(
          4,
          `as long as it takes to PESQ ${TRANSPARENT.pesq} or SI-SNR ${TRANSPARENT.siSnr} dB, with up to ${transparentShapes.length} networks of growing size, some two minutes on two cores`,
          phaseFirst(1500, 500),
        ),
        wider: shapes.slice(1),
      };
  }
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `recipe is ${JSON.stringify(name)}; expected ${recipeNames.join(', ')}.`,
    { field: 'recipe' },
  );
}

/** Options of a fit by a recipe. */
export interface RecipeOptions extends FitOptions {
  /** Default 'quick'. */
  recipe?: RecipeName;
  /** In place of what the recipe says of the network; with layers or a grid none is wider. */
  network?: RecipeNetwork;
  /** Told of each fit on the way to a transparent one. An error that it throws ends the fit. */
  onAttempt?: (attempt: Attempt) => void;
}

/** Options of a fit that begins from something. */
export interface FitFromOptions extends FitOptions {
  /** Where it begins. It says what the network is. */
  from: FitStart;
  /** The loss and the course of which recipe. Default 'quick' for a KAN, 'paper' for others. */
  recipe?: Exclude<RecipeName, 'transparent'>;
}

/** The networks that a recipe tries in turn, with what is given in place of it. */
export function networksOf(
  { network, wider }: Recipe,
  given: RecipeNetwork,
): [RecipeNetwork, ...RecipeNetwork[]] {
  const own = defined(given);
  const others = own.layers === undefined && own.grid === undefined ? wider : [];
  const withOwn = ({ encodingFrequencies, ...usual }: RecipeNetwork): RecipeNetwork => ({
    ...usual,
    // Octaves that are asked for are in place of the recipe's frequencies.
    ...(own.encoding === undefined && encodingFrequencies && { encodingFrequencies }),
    ...own,
  });
  return [withOwn(network), ...others.map(withOwn)];
}

/**
 * The stages of a recipe's loss beside weights that are given: those hold throughout the fit.
 *
 * @param given their names
 */
export function stagesBeside(
  { fit: { loss: { course = [] } = {} } }: Recipe,
  given: readonly string[],
): NonNullable<LossOptions['course']> {
  return course.map(
    (stage) =>
      Object.fromEntries(
        Object.entries(stage).filter(([name]) => !given.includes(name)),
      ) as typeof stage,
  );
}

/** The networks and the options of a fit: the recipe's, and what is given in place of them. */
export function applyRecipe(
  { recipe: name = 'quick', network: own = {}, onAttempt: _, ...given }: RecipeOptions,
  clip: Clip,
): { networks: KanOptions[]; fit: FitOptions } {
  const recipe = recipeFor(name);
  return {
    networks: networksOf(recipe, own).map(
      ({ encodingFrequencies: choice, envelope, ...network }) => ({
        ...network,
        ...(choice !== undefined && { encodingFrequencies: encodingFrequencies(choice, clip) }),
        ...(envelope !== undefined && { envelope: amplitudeEnvelope(envelope, clip) }),
      }),
    ),
    fit: inPlaceOf(recipe, given),
  };
}

/**
 * The options of a fit that begins from a network.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a recipe that has networks of its own
 */
export function fromRecipe(
  { recipe: name, ...given }: Omit<FitFromOptions, 'from'>,
  { kind }: Inr,
): FitOptions {
  if ('network' in defined(given)) {
    throw invalidArgument(
      'network',
      'fit options: network and from are given; from brings the network. Leave one of them out.',
    );
  }
  const recipe = recipeFor(name ?? (kind === 'kan' ? 'quick' : 'paper'));
  if (recipe.wider.length > 0 || (recipe.name !== 'paper' && kind !== 'kan')) {
    throw invalidArgument(
      'recipe',
      `fit options: the recipe ${recipe.name} is for ${recipe.wider.length > 0 ? 'networks of growing size, and from brings one' : `a KAN, and from brings a ${kind}`}. Take another recipe.`,
    );
  }
  return inPlaceOf(recipe, given);
}

/** The options that a recipe fits with, and what is given in place of them. */
function inPlaceOf(recipe: Recipe, given: FitOptions): FitOptions {
  const { loss: ownLoss = {}, ...own } = defined(given);
  const weights = defined(ownLoss);
  const course = stagesBeside(recipe, Object.keys(weights));
  const loss = { ...recipe.fit.loss, ...(course.length > 0 && { course }), ...weights };
  return { ...recipe.fit, ...own, ...(Object.keys(loss).length > 0 && { loss }) };
}
