import { Argument, type Command } from 'commander';
import type { Execute } from './command-context.js';

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
      const { setUp } = await import('./setup.js');
      return setUp(what, { force: command.opts<{ force?: boolean }>().force === true }, context);
    }),
  );
}
