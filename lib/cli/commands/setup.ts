import { Argument, type Command } from 'commander';
import { searchLibTorch } from '../../addon/addon.js';
import { setupCdpam, setupPesq } from '../../metrics/index.js';
import type { SetupOptions } from '../../setup/download.js';
import { setupLibTorch } from '../../setup/install.js';
import type { LibTorch } from '../../setup/libtorch.js';
import type { CommandContext, CommandResult, Execute } from '../command.js';

/** What can be set up. */
export const SETUPS = ['libtorch', 'pesq', 'cdpam'] as const;

export type Setup = (typeof SETUPS)[number];

/** `fewsound setup`: declares it; the work is loaded when it is called. */
export function addSetupCommand(program: Command, execute: Execute): void {
  const command = program
    .command('setup')
    .addArgument(
      new Argument('[what]', "LibTorch, the library of PESQ, or CDPAM's network")
        .choices(SETUPS)
        .default('libtorch'),
    )
    .summary('install LibTorch, PESQ or CDPAM for fewsound')
    .description(
      "Installs LibTorch, the reference program of PESQ (fetched with pip and compiled here) or the weights of CDPAM in the user's cache folder, where every copy of fewsound finds them. Does nothing where they are there already.",
    )
    .option('--force', 'install even where it is found')
    .option('-q, --quiet', 'no progress on standard error');
  command.action((what: Setup) =>
    execute(command, async (context) => {
      return setUp(what, { force: command.opts<{ force?: boolean }>().force === true }, context);
    }),
  );
}

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
