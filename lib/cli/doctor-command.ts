import type { Command } from 'commander';
import type { Execute } from './command-context.js';

/** `fewsound doctor`: declares it; the work is loaded when it is called. */
export function addDoctorCommand(program: Command, execute: Execute): void {
  const command = program
    .command('doctor')
    .summary('check the installation')
    .description(
      'Checks what fewsound needs on this machine: Node.js, LibTorch and why that one, the addon, the GPU, and the tools to build. Says what to do where something is missing.',
    );
  command.action(() =>
    execute(command, async (context) => {
      const { examine } = await import('./doctor.js');
      return examine(context);
    }),
  );
}
