// Whether the binaries in prebuilds/PLATFORM-ARCH can be given away, and what they ask of a
// machine.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { elfFacts, vectorRegisters } from './elf-facts.mjs';
import { require, root, StepError } from './steps.mjs';

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
  const vectors = binary === 'fewsound_core.so' && arch === 'x64' ? ['zmm', 'ymm'] : [];
  const used = vectors.length > 0 ? vectorRegisters(file) : [];
  const missing = vectors.filter((register) => !used.includes(register));
  return [
    ...(facts.stripped ? [] : ['it is not stripped']),
    ...facts.runPaths.map((path) => `it looks for libraries in "${path}"`),
    ...facts.foreignFolders.map((folder) => `it names ${folder}, a folder of this machine`),
    ...unknown.map((library) => `it needs ${library}, which need not be there`),
    ...missing.map((register) => `it has no variant of the KAN kernel with ${register} registers`),
  ];
}

/**
 * What the binaries in prebuilds/PLATFORM-ARCH ask of a machine. Throws a StepError where one
 * cannot be given away.
 */
export function inspectBinaries(folder) {
  const arch = basename(folder).split('-')[1];
  const { cacheFolder, findLibTorch } = require('../dist/setup/libtorch.js');
  const foreignFolders = [root, homedir(), cacheFolder(), findLibTorch().chosen?.path].filter(
    (path) => path && path !== '/',
  );
  const binaries = readdirSync(folder, { recursive: true })
    .filter((name) => /\.(node|so)$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => ({ name, ...elfFacts(join(folder, name), foreignFolders) }));
  const found = binaries.flatMap(({ name, ...facts }) =>
    faults(join(folder, name), facts, arch).map((fault) => `  ${name}: ${fault}`),
  );
  if (found.length > 0) {
    throw new StepError(`These binaries cannot be given away:\n${found.join('\n')}`);
  }
  return binaries;
}

/**
 * What a package with the binaries in prebuilds/PLATFORM-ARCH would lack; empty where it is whole.
 */
export function lacking(folder) {
  const { SUPPORTED_LIBTORCH } = require('../dist/setup/libtorch.js');
  const has = (minor, name) => existsSync(join(folder, `torch-${minor}`, name));
  const withPlugin = SUPPORTED_LIBTORCH.some((minor) => has(minor, 'fewsound_cuda.so'));
  return SUPPORTED_LIBTORCH.flatMap((minor) =>
    ['fewsound_core.so', ...(withPlugin ? ['fewsound_cuda.so'] : [])]
      .filter((name) => !has(minor, name))
      .map((name) => `${relative(root, folder)}/torch-${minor}/${name}`),
  );
}

/**
 * One line for each binary: its size, and the newest symbols that it asks of the system's
 * libraries.
 */
export function describeBinaries({ folder, binaries }) {
  const width = Math.max(...binaries.map(({ name }) => name.length));
  const lines = binaries.map(({ name, bytes, symbolVersions }) => {
    const needs = Object.entries(symbolVersions).map((family) => family.join(' '));
    const size = `${Math.round(bytes / 1024)} KiB`.padStart(9);
    return `  ${name.padEnd(width)} ${size}  needs ${needs.sort().join(', ')}`;
  });
  return [relative(root, folder), ...lines].join('\n');
}
