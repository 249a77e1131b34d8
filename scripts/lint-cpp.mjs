// clang-tidy over our own C++ files. A file is looked at again only when it, one of our headers, the rules or
// its compile flags changed: each look parses LibTorch's headers and takes about five seconds.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { capture, digestOf, filesBelow, root, StepError, unlessUnchanged } from './steps.mjs';

/** Compile commands without GCC's precompiled headers, which clang cannot read: the header itself instead. */
function commandsForClang() {
  const header = (command) =>
    join(root, 'cmake', command.file.includes('/binding/') ? 'binding_pch.h' : 'native_pch.h');
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
          .replace(/-include \S*cmake_pch\S*/g, `-include ${header(command)}`),
      }))
  );
}

export async function lintCpp(clangTidy) {
  const commands = commandsForClang();
  const folder = join(root, 'build', 'tidy');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'compile_commands.json'), JSON.stringify(commands));

  const shared = [
    ...filesBelow('native', 'binding', 'test/native').filter((file) => /\.(h|cuh)$/.test(file)),
    join(root, '.clang-tidy'),
  ];
  const failures = [];
  const queue = [...commands];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { file, command } = next;
      const name = relative(root, file);
      const digest = digestOf([file, ...shared], command);
      try {
        await unlessUnchanged(`tidy/${name}`, digest, [], async () => {
          const { status, output } = await capture(clangTidy, ['--quiet', '-p', folder, file]);
          if (status !== 0) throw new StepError(output);
        });
      } catch (error) {
        if (!(error instanceof StepError)) throw error;
        failures.push(`${name}\n${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (failures.length > 0) throw new StepError(failures.join('\n'));
}
