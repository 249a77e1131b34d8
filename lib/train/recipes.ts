// Recipes: the network, the loss and the course of a fit that sound best in a given time, each with
// its version. docs/recipes.md says why they are so and what they were measured to do.

import type { Clip } from '../audio/index.js';
import { invalidArgument } from '../errors.js';
import {
  amplitudeEnvelope,
  type EncodingFrequencies,
  type Envelope,
  encodingFrequencies,
  type Inr,
  type InrKind,
  type InrOptionsByKind,
  inrKinds,
} from '../nn/index.js';
import type { LossOptions } from '../options.generated.js';
import { defined } from '../options.js';
import type { FitOptions } from './fit-options.js';
import type { FitStart } from './start.js';
import { type Attempt, TRANSPARENT, transparentShapes } from './transparent.js';

export const recipeNames = ['paper', 'quick', 'best', 'transparent'] as const;
export type RecipeName = (typeof recipeNames)[number];

/** Those that fit one network, and not wider ones in turn. */
export const recipesOfOneNetwork = recipeNames.filter((name) => name !== 'transparent');

/** Of the networks that have recipes of their own. */
const RECIPES = new Map<InrKind, readonly RecipeName[]>([
  ['kan', recipeNames],
  ['finer', ['paper', 'quick', 'best']],
]);

/** The recipes of a kind of network. */
export const recipesOf = (kind: InrKind): readonly RecipeName[] => RECIPES.get(kind) ?? ['paper'];

/** The recipe of a kind where none is named. */
export const usualRecipe = (kind: InrKind): RecipeName =>
  recipesOf(kind).includes('quick') ? 'quick' : 'paper';

type ByRule = {
  encodingFrequencies?: EncodingFrequencies;
  envelope?: Envelope;
};

/** Options of a network, its frequencies (of a KAN or a NeRF) and its envelope also by a rule. */
export type RecipeNetwork<Kind extends InrKind = 'kan'> = Kind extends InrKind
  ? Omit<InrOptionsByKind[Kind], keyof ByRule> &
      Pick<ByRule, keyof ByRule & keyof InrOptionsByKind[Kind]>
  : never;

/** How to fit a network of a kind to a clip. */
export interface Recipe<Kind extends InrKind = 'kan'> {
  readonly name: RecipeName;
  /** Rises with every change of what follows. */
  readonly version: number;
  /** What it is for, a sentence. */
  readonly meaning: string;
  readonly network: RecipeNetwork<Kind>;
  /** Networks to go on to, in turn, until a fit is transparent: see {@link isTransparent}. */
  readonly wider: readonly RecipeNetwork<Kind>[];
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
function phaseFirst(
  first: number,
  second: number,
  learningRate: number,
): FitOptions & { steps: number } {
  const steps = first + second;
  const half = first / steps;
  return {
    ...{ steps, share: 0.25, shareUntil: half, learningRate },
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
 * @param kind the network that is fitted; FINER has `quick` and `best` of its own, in the time of
 *   a KAN's, and networks other than these two have `paper` alone
 * @throws FewSoundError INVALID_ARGUMENT for a name that is none of `recipeNames`, or none that the
 *   kind has
 */
export function recipeFor<Kind extends InrKind = 'kan'>(
  name: RecipeName,
  kind: Kind = 'kan' as Kind,
): Recipe<Kind> {
  if (!recipeNames.includes(name)) {
    throw invalidArgument(
      'recipe',
      `recipe is ${JSON.stringify(name)}; expected ${recipeNames.join(', ')}.`,
    );
  }
  if (!recipesOf(kind).includes(name)) {
    const kinds = inrKinds.filter((each) => recipesOf(each).includes(name));
    throw invalidArgument(
      'recipe',
      `recipe is ${name}, which is for ${kinds.join(' and ')}, not for ${kind}; expected ${recipesOf(kind).join(', ')}.`,
    );
  }
  const recipe =
    name === 'paper'
      ? PAPER
      : kind === 'finer'
        ? finerRecipe(name as 'quick' | 'best')
        : kanRecipe(name);
  return recipe as Recipe<InrKind> as Recipe<Kind>;
}

const PAPER: Recipe = {
  ...{ name: 'paper', version: 1 },
  meaning: "the paper's network and loss, for comparisons",
  ...{ network: {}, wider: [], fit: {} },
};

const MEANINGS = {
  quick: 'the best sound in about 20 seconds on two cores',
  best: 'the best sound in about a minute on two cores',
};

/**
 * Narrower than the first layer's inputs, which are sines from -1 to 1: a spline acts around the
 * zeros of its sine and is 0 at its peaks, so that edges act at some times and not at others.
 */
const GRID_RANGE = [-0.7, 0.7] as const;

function kanRecipe(name: Exclude<RecipeName, 'paper'>): Recipe {
  const [network, ...wider] = transparentShapes.map(
    (shape): RecipeNetwork => ({
      ...{ order: 2, baseActivation: 'tanh', gridRange: GRID_RANGE, ...shape },
      encodingFrequencies: { kind: 'band', count: 7 },
      envelope: ENVELOPE,
    }),
  ) as [RecipeNetwork, ...RecipeNetwork[]];
  const fit = name === 'best' ? phaseFirst(4500, 1500, 1e-2) : phaseFirst(1500, 500, 1e-2);
  if (name !== 'transparent') {
    return { ...{ name, version: 6, network, wider: [], fit }, meaning: MEANINGS[name] };
  }
  return {
    ...{ name, version: 6, network, wider, fit },
    meaning: `as long as it takes to PESQ ${TRANSPARENT.pesq} or SI-SNR ${TRANSPARENT.siSnr} dB, with up to ${transparentShapes.length} networks of growing size, some two minutes on two cores`,
  };
}

/** Fewer steps than a KAN's, each of which takes twice as long. */
function finerRecipe(name: 'quick' | 'best'): Recipe<'finer'> {
  return {
    ...{ name, version: 1, meaning: MEANINGS[name] },
    ...{ network: { envelope: ENVELOPE }, wider: [] },
    fit: name === 'best' ? phaseFirst(2100, 700, 1e-4) : phaseFirst(750, 250, 2e-4),
  };
}

/** Options of a fit by a recipe. */
export interface RecipeOptions<Kind extends InrKind = 'kan'> extends FitOptions {
  /** Of the network. Default 'kan'. */
  kind?: Kind;
  /** Default 'quick' for a KAN or a FINER, 'paper' for others. */
  recipe?: RecipeName;
  /** In place of what the recipe says of the network; with layers or a grid none is wider. */
  network?: RecipeNetwork<Kind>;
  /** Told of each fit on the way to a transparent one. An error that it throws ends the fit. */
  onAttempt?: (attempt: Attempt) => void;
}

/** Options of a fit that begins from something. */
export interface FitFromOptions extends FitOptions {
  /** Where it begins. It says what the network is. */
  from: FitStart;
  /** The loss and the course of which recipe. Default 'quick' for a KAN or a FINER, 'paper' for others. */
  recipe?: Exclude<RecipeName, 'transparent'>;
}

/** The networks that a recipe tries in turn, with what is given in place of it. */
export function networksOf<Kind extends InrKind>(
  { network, wider }: Recipe<Kind>,
  given: RecipeNetwork<Kind>,
): [RecipeNetwork<Kind>, ...RecipeNetwork<Kind>[]] {
  // Those that a network of the kind does not have are not there.
  const own: RecipeNetwork = defined(given);
  const others = own.layers === undefined && own.grid === undefined ? wider : [];
  const withOwn = ({ encodingFrequencies, ...usual }: RecipeNetwork): RecipeNetwork => ({
    ...usual,
    // Octaves that are asked for are in place of the recipe's frequencies.
    ...(own.encoding === undefined && encodingFrequencies && { encodingFrequencies }),
    ...own,
  });
  return [network, ...others].map((each) => withOwn(each as RecipeNetwork)) as [
    RecipeNetwork<Kind>,
    ...RecipeNetwork<Kind>[],
  ];
}

/**
 * The stages of a recipe's loss beside weights that are given: those hold throughout the fit.
 *
 * @param given their names
 */
export function stagesBeside(
  { fit: { loss: { course = [] } = {} } }: Recipe<InrKind>,
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
export function applyRecipe<Kind extends InrKind = 'kan'>(
  { kind = 'kan' as Kind, recipe: name, network: own, onAttempt: _, ...given }: RecipeOptions<Kind>,
  clip: Clip,
): { kind: Kind; networks: InrOptionsByKind[Kind][]; fit: FitOptions } {
  const recipe = recipeFor(name ?? usualRecipe(kind), kind);
  const networks = networksOf(recipe, own ?? ({} as RecipeNetwork<Kind>));
  return {
    kind,
    networks: networks.map((network) => followRules(network, clip) as InrOptionsByKind[Kind]),
    fit: inPlaceOf(recipe, given),
  };
}

/** Options of a network with what its rules give for a clip. */
export function followRules<Options extends ByRule>(
  { encodingFrequencies: choice, envelope, ...others }: Options,
  clip: Clip,
) {
  return {
    ...others,
    ...(choice !== undefined && { encodingFrequencies: encodingFrequencies(choice, clip) }),
    ...(envelope !== undefined && { envelope: amplitudeEnvelope(envelope, clip) }),
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
  const recipe = recipeFor(name ?? usualRecipe(kind), kind);
  if (recipe.wider.length > 0) {
    throw invalidArgument(
      'recipe',
      `fit options: the recipe ${recipe.name} is for networks of growing size, and from brings one. Take another recipe.`,
    );
  }
  return inPlaceOf(recipe, given);
}

/** The options that a recipe fits with, and what is given in place of them. */
function inPlaceOf(recipe: Recipe<InrKind>, given: FitOptions): FitOptions {
  const { loss: ownLoss = {}, ...own } = defined(given);
  const weights = defined(ownLoss);
  const course = stagesBeside(recipe, Object.keys(weights));
  const loss = { ...recipe.fit.loss, ...(course.length > 0 && { course }), ...weights };
  return { ...recipe.fit, ...own, ...(Object.keys(loss).length > 0 && { loss }) };
}
