import type { Command } from 'commander';
import type { Execute } from './command-context.js';

/** `fewsound setup`: declares it; the work is loaded when it is called. */
export function addSetupCommand(program: Command, execute: Execute): void {
  const command = program
    .command('setup')
    .summary('install LibTorch for fewsound')
    .description(
      "Installs LibTorch in the user's cache folder, where every copy of fewsound finds it. Does nothing where there is a LibTorch already.",
    )
    .option('--force', 'install even where a LibTorch is found')
    .option('-q, --quiet', 'no progress on standard error');
  command.action(() =>
    execute(command, async (context) => {
      const { setUp } = await import('./setup.js');
      return setUp({ force: command.opts<{ force?: boolean }>().force === true }, context);
    }),
  );
}
