import type { Command } from 'commander';
import { defineCommand } from '../command.js';
import { choiceArgument } from '../flags/parsers.js';
import { completionScript, shells } from '../terminal/completion.js';

export const completion = defineCommand({
  description:
    'Prints a script for a shell, after which Tab completes commands, options and their values. Its first line says where to keep it.',
  examples: [
    'fewsound completion bash > ~/.local/share/bash-completion/completions/fewsound',
    'fewsound completion fish > ~/.config/fish/completions/fewsound.fish',
  ],
  inputs: { shell: choiceArgument('<shell>', 'the shell', shells) },
  async run({ shell }, _, command) {
    const script = completionScript(command.parent as Command, shell);
    return { json: { shell, script }, text: script.trimEnd() };
  },
});
