// clang-tidy over our own C++ files. A file is looked at again only when it, a header of ours that it includes, the rules
// or its compile flags changed since it was clean: each look parses LibTorch's headers and takes about five seconds.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { capture, digestOf, root, StepError } from './steps.mjs';

/** The header that a file's precompiled one is made of. */
function headerOf({ file }) {
  return file.includes('/binding/') ? 'binding_pch.h' : 'native_pch.h';
}

/** Compile commands without GCC's precompiled headers, which clang cannot read: the header itself instead. */
function commandsForClang() {
  return (
    JSON.parse(readFileSync(join(root, 'build', 'compile_commands.json'), 'utf8'))
      .filter(({ file }) => file.startsWith(root) && !relative(root, file).startsWith('build'))
      // Of CUDA sources the look is at their emulation, which is plain C++: clang needs a toolkit it knows for more.
      .filter(({ command }) => !/nvcc/.test(command))
      .map((command) => ({
        ...command,
        command: command.command
          .replace(/-Winvalid-pch/g, '')
          // clang-tidy comes without OpenMP's header; the pragmas are LibTorch's anyway.
          .replace(/-fopenmp/g, '')
          .replace(
            /-include \S*cmake_pch\S*/g,
            `-include ${join(root, 'cmake', headerOf(command))}`,
          ),
      }))
  );
}

/** A file of ours and every file of ours that it includes, however deep. */
function withIncludes(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/^\s*#include "([^"]+)"/gm)) {
    const found = [join(root, name), join(dirname(file), name)].find(existsSync);
    if (found) withIncludes(found, seen);
  }
  return seen;
}

/** Looks at all files of the build; what was clean is remembered in `clean`, a folder that clones may share. */
export async function lintCpp(clangTidy, clean) {
  const commands = commandsForClang();
  const folder = join(root, 'build', 'tidy');
  for (const needed of [folder, clean]) mkdirSync(needed, { recursive: true });
  writeFileSync(join(folder, 'compile_commands.json'), JSON.stringify(commands));

  const rules = join(root, '.clang-tidy');
  const failures = [];
  const queue = [...commands];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { file, command } = next;
      const sources = [...withIncludes(file), join(root, 'cmake', headerOf(next)), rules];
      const stamp = join(clean, digestOf(sources.sort(), command.replaceAll(root, '.')));
      if (existsSync(stamp)) continue;
      const { status, output } = await capture(clangTidy, ['--quiet', '-p', folder, file]);
      if (status === 0) writeFileSync(stamp, '');
      else failures.push(`${relative(root, file)}\n${output}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (failures.length > 0) throw new StepError(failures.join('\n'));
}
