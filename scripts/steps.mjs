// What the scripts share: where the project is, running a program, and skipping a step whose inputs
// did not change.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const require = createRequire(import.meta.url);

/** An error whose message alone is for the reader: no stack, exit status 1. */
export class StepError extends Error {}

/** Runs a script's main function; a failed step prints its message and ends with status 1. */
export async function main(run) {
  try {
    process.exitCode = (await run()) ?? 0;
  } catch (error) {
    console.error(error instanceof StepError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Runs a program with its output on ours; throws a StepError when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw new StepError(`${command}: ${error.message}`);
  if (status !== 0)
    throw new StepError(`${[command, ...args].join(' ')} ended with status ${status}`);
}

/**
 * Runs a program without blocking; resolves with its status and its whole output, shown as it comes
 * with `show`.
 */
export function capture(command, args, { show = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      if (show) process.stderr.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** The first of `names` that PATH holds, or undefined. */
export function findProgram(...names) {
  const folders = (process.env.PATH ?? '').split(':');
  return names.find((name) => folders.some((folder) => folder && existsSync(join(folder, name))));
}

/** Every file below the given files and folders of the project, sorted. */
export function filesBelow(...places) {
  const found = [];
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path)) visit(join(path, name));
    } else {
      found.push(path);
    }
  };
  for (const place of places) visit(join(root, place));
  return found.sort();
}

/** A digest of the contents of files and of anything else that decides a step's result. */
export function digestOf(files, ...facts) {
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(relative(root, file)).update('\0').update(readFileSync(file));
  for (const fact of facts) hash.update('\0').update(JSON.stringify(fact));
  return hash.digest('hex');
}

const stampOf = (name) => join(root, 'build', 'stamps', name);

/** Lets a step be done again, whatever it did before. */
export function forgetStep(name) {
  rmSync(stampOf(name), { force: true });
}

/**
 * Does `work` unless it succeeded before with the same digest and its outputs are still there.
 * Returns whether it did.
 */
export async function unlessUnchanged(name, digest, outputs, work) {
  const stamp = stampOf(name);
  const done =
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === digest &&
    outputs.every((output) => existsSync(join(root, output)));
  if (done) return false;
  // Work that is broken off leaves neither what was there nor what is wanted.
  forgetStep(name);
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  return true;
}
