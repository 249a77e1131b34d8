import { findLibTorch, type LibTorch } from '../native/libtorch.js';
import { setupLibTorch } from '../native/setup-libtorch.js';
import type { CommandContext, CommandResult } from './command-context.js';

/** Installs LibTorch where there is none. */
export async function setUp(
  { force }: { force: boolean },
  { stderr, signal, quiet }: CommandContext,
): Promise<CommandResult> {
  const { chosen } = findLibTorch();
  if (chosen && !force) return result(chosen, false);
  const installed = await setupLibTorch({
    signal,
    onProgress: ({ message }) => {
      if (!quiet) stderr.write(`${message}\n`);
    },
  });
  return result(installed, true);
}

function result({ source, path, version, cuda }: LibTorch, installed: boolean): CommandResult {
  const state = installed ? 'LibTorch is installed' : 'LibTorch is there already; nothing to do';
  return {
    json: { installed, libtorch: { source, path, version, cuda } },
    text: `${state}: ${version}, found through ${source}, in ${path}`,
  };
}
