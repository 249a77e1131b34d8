// clang-tidy over our own C++ files. A file is looked at again only when it, a header of ours that
// it includes, the rules or its compile flags changed since it was clean: each look parses
// LibTorch's headers and takes ten seconds of a core. What was clean is recorded in a file that is
// committed, so a fresh clone does not begin from nothing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { capture, digestOf, root, StepError } from './steps.mjs';

/** The header that a file's precompiled one is made of. */
function headerOf({ file }) {
  return file.includes('/binding/') ? 'binding_pch.h' : 'native_pch.h';
}

/**
 * Compile commands without GCC's precompiled headers, which clang cannot read: the header itself
 * instead.
 */
function commandsForClang() {
  return (
    JSON.parse(readFileSync(join(root, 'build', 'compile_commands.json'), 'utf8'))
      .filter(({ file }) => file.startsWith(root) && !relative(root, file).startsWith('build'))
      // Of CUDA sources the look is at their emulation, which is plain C++: clang needs a toolkit
      // it knows for more.
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

/**
 * Paths in the project of the files that were clean, by their digests: some are compiled in two
 * ways.
 */
const RECORD = join(root, 'scripts', 'clang-tidy-clean.json');

/**
 * What decides how clang-tidy finds a file, on any machine: sources, rules and the flags that name
 * no folder.
 */
function digestFor(entry, version) {
  const sources = [...withIncludes(entry.file), join(root, 'cmake', headerOf(entry))];
  const flags = entry.command.split(' ').filter((flag) => /^-(std=|[mfD])[^/]*$/.test(flag));
  const files = [...sources, join(root, '.clang-tidy')].sort();
  return digestOf(files, version, flags.sort()).slice(0, 16);
}

/** Looks at all files of the build, with clang-tidy of that version. */
export async function lintCpp(clangTidy, version) {
  const commands = commandsForClang();
  const folder = join(root, 'build', 'tidy');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'compile_commands.json'), JSON.stringify(commands));

  const before = existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : {};
  const clean = {};
  const failures = [];
  const queue = [...commands];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const name = relative(root, next.file);
      const digest = digestFor(next, version);
      if (!(digest in before)) {
        const { status, output } = await capture(clangTidy, ['--quiet', '-p', folder, next.file]);
        if (status !== 0) {
          failures.push(`${name}\n${output}`);
          continue;
        }
      }
      clean[digest] = name;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const byPath = ([a, one], [b, other]) => (`${one} ${a}` < `${other} ${b}` ? -1 : 1);
  const sorted = Object.fromEntries(Object.entries(clean).sort(byPath));
  writeFileSync(RECORD, `${JSON.stringify(sorted, null, 2)}\n`);
  if (failures.length > 0) throw new StepError(failures.join('\n'));
}
