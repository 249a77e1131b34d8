// `npm run prebuild`: prebuilds/PLATFORM-ARCH, the binaries that the npm package carries, from the build of this clone;
// and what they ask of a machine. docs/publishing.md says where to run it for a release.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import prebuildify from 'prebuildify';
import { build } from './build.mjs';
import { elfFacts, vectorRegisters } from './elf-facts.mjs';
import { main, require, root, StepError } from './steps.mjs';

/** What any Linux that can run Node.js has, or LibTorch brings. Nothing else may be needed. */
const SYSTEM = /^(lib(c|m|dl|pthread|rt|gcc_s|stdc\+\+)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+)$/;
const LIBTORCH = /^lib(torch_cpu|c10)\.so$/;
/** A plugin is opened only where these are in the process already. */
const LIBTORCH_CUDA = /^lib(torch_cuda|c10_cuda)\.so$/;

function mayNeed(binary, library) {
  if (SYSTEM.test(library)) return true;
  if (binary === 'fewsound.node') return false;
  return LIBTORCH.test(library) || (binary === 'fewsound_cuda.so' && LIBTORCH_CUDA.test(library));
}

/** Why a binary cannot be given away; empty where it can. */
function faults(file, facts, arch) {
  const binary = basename(file);
  const unknown = facts.needed.filter((library) => !mayNeed(binary, library));
  const missing =
    binary === 'fewsound_core.so' && arch === 'x64'
      ? ['zmm', 'ymm'].filter((register) => !vectorRegisters(file).includes(register))
      : [];
  return [
    ...(facts.stripped ? [] : ['it is not stripped']),
    ...facts.runPaths.map((path) => `it looks for libraries in "${path}"`),
    ...facts.foreignFolders.map((folder) => `it names ${folder}, a folder of this machine`),
    ...unknown.map((library) => `it needs ${library}, which need not be there`),
    ...missing.map((register) => `it has no variant of the KAN kernel with ${register} registers`),
  ];
}

/** What the binaries in prebuilds/PLATFORM-ARCH ask of a machine. Throws a StepError where one cannot be given away. */
export function inspectPrebuilds(folder) {
  const arch = basename(folder).split('-')[1];
  const { findLibTorch } = require('../dist/native/index.js');
  const torch = findLibTorch().chosen?.path;
  const foreignFolders = [root, homedir(), torch].filter((path) => path && path !== '/');
  const binaries = readdirSync(folder).map((name) => ({
    name,
    ...elfFacts(join(folder, name), foreignFolders),
  }));
  const found = binaries.flatMap(({ name, ...facts }) =>
    faults(join(folder, name), facts, arch).map((fault) => `  ${name}: ${fault}`),
  );
  if (found.length > 0) {
    throw new StepError(`These binaries cannot be given away:\n${found.join('\n')}`);
  }
  return binaries;
}

/** Makes prebuilds/PLATFORM-ARCH from what is built already; returns the folder and what is in it. */
export async function prebuild() {
  const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  if (!existsSync(join(root, 'build', 'Release', 'fewsound.node'))) {
    throw new StepError('there is no build to take the binaries from; run `npm run build`');
  }
  // What an earlier build left would be packed as well.
  const stage = join(root, 'build', 'prebuild');
  for (const old of [folder, stage]) rmSync(old, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  await promisify(prebuildify)({
    name: 'fewsound',
    cwd: stage,
    out: root,
    targets: [`node@${process.versions.node}`],
    napi: true,
    strip: true,
    nodeGyp: join(root, 'scripts', 'prebuild-node-gyp.mjs'),
  });
  return { folder, binaries: inspectPrebuilds(folder) };
}

/** One line for each binary: its size, and the newest symbols that it asks of the system's libraries. */
export function describePrebuild({ folder, binaries }) {
  const width = Math.max(...binaries.map(({ name }) => name.length));
  const lines = binaries.map(({ name, bytes, symbolVersions }) => {
    const needs = Object.entries(symbolVersions).map((family) => family.join(' '));
    const size = `${Math.round(bytes / 1024)} KiB`.padStart(9);
    return `  ${name.padEnd(width)} ${size}  needs ${needs.sort().join(', ')}`;
  });
  return [relative(root, folder), ...lines].join('\n');
}

if (process.argv[1] === join(root, 'scripts', 'prebuild.mjs')) {
  await main(async () => {
    await build();
    console.log(describePrebuild(await prebuild()));
  });
}
