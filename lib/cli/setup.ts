import { setupCdpam, setupPesq } from '../metrics/index.js';
import { searchLibTorch } from '../native/addon.js';
import type { LibTorch } from '../native/libtorch.js';
import type { SetupOptions } from '../native/setup-command.js';
import { setupLibTorch } from '../native/setup-libtorch.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { Setup } from './setup-command.js';

type Options = SetupOptions & { readonly force: boolean };

/** Installs what is not there. */
export function setUp(
  what: Setup,
  { force }: { force: boolean },
  { stderr, signal, quiet }: CommandContext,
): Promise<CommandResult> {
  return setups[what]({
    force,
    signal,
    onProgress: ({ message }) => {
      if (!quiet) stderr.write(`${message}\n`);
    },
  });
}

const setups: Readonly<Record<Setup, (options: Options) => Promise<CommandResult>>> = {
  libtorch: async ({ force, ...options }) => {
    const { chosen } = searchLibTorch();
    return chosen && !force
      ? libTorchResult(chosen, false)
      : libTorchResult(await setupLibTorch(options), true);
  },
  pesq: async (options) => {
    const { installed, path } = await setupPesq(options);
    return {
      json: { installed, pesq: { path } },
      text: `${state('PESQ', installed)}: ${path}`,
    };
  },
  cdpam: async (options) => {
    const { installed, path } = await setupCdpam(options);
    return {
      json: { installed, cdpam: { path } },
      text: `${state('CDPAM', installed)}: ${path}`,
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
  return installed ? `${what} is installed` : `${what} is there already; nothing to do`;
}
