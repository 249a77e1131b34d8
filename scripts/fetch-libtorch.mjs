// A LibTorch to build against, of a given version: pip's torch with no more than that needs, in the
// user's cache folder. What pip is told elsewhere (index, find-links, constraints) holds here too.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, require, run } from './steps.mjs';

/** pip's own packages stay as they are: what is installed goes into `folder`. */
function pipInstall(folder, ...what) {
  const quietly = ['--disable-pip-version-check', '--progress-bar', 'off', '--quiet'];
  run(
    process.env.FEWSOUND_PYTHON || 'python3',
    ['-m', 'pip', 'install', ...quietly, '--no-compile', '--target', folder, ...what],
    { stdio: ['ignore', process.stderr, 'inherit'] },
  );
}

/**
 * What a CUDA build cannot do without, of what it depends on: the two libraries that its CPU part
 * is linked against too, and NCCL's header, which no LibTorch has. Empty for a CPU build.
 */
function needed(folder, { nccl }) {
  const information = readdirSync(folder).find((name) => /^torch-.*\.dist-info$/.test(name));
  const text = readFileSync(join(folder, information, 'METADATA'), 'utf8');
  const version = (name) => new RegExp(`^Requires-Dist: ${name}==([\\d.]+)`, 'm').exec(text)?.[1];
  const toolkit = version('cuda-toolkit\\[.*\\]');
  const [, ncclPackage] = /^Requires-Dist: (nvidia-nccl-cu\d+)==/m.exec(text) ?? [];
  return [
    ...(toolkit ? [`cuda-toolkit[cudart,cupti]==${toolkit}`] : []),
    ...(nccl && ncclPackage ? [`${ncclPackage}==${version(ncclPackage)}`] : []),
  ];
}

/** Whether kernels for CUDA are going to be compiled (cmake/CudaCompiler.cmake). */
export function hasNvcc() {
  return (
    process.env.FEWSOUND_CUDA !== 'OFF' &&
    Boolean(process.env.CUDACXX || findProgram('nvcc') || existsSync('/usr/local/cuda/bin/nvcc'))
  );
}

/**
 * The folder of LibTorch `version` (like 2.13.0), fetched where it is not there. Where nvcc is, the
 * standard build, a CUDA build with the headers for fewsound_cuda.so; elsewhere whatever build pip
 * takes.
 */
export function fetchLibTorch(version) {
  const { cacheFolder } = require('../dist/setup/libtorch.js');
  const cuda = hasNvcc();
  const folder = join(cacheFolder(), 'build-against', `torch-${version}${cuda ? '-cuda' : ''}`);
  const marker = join(folder, 'complete');
  if (!existsSync(marker)) {
    console.error(`• LibTorch ${version} to build against, with pip, into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // `===` takes the version by that very name, where `==` prefers 2.13.0+cpu to 2.13.0.
    pipInstall(folder, '--no-deps', `torch${cuda ? '===' : '=='}${version}`);
    // At once: pip leaves a folder that is there as it is, and all of these share `nvidia`.
    const packages = needed(folder, { nccl: cuda });
    if (packages.length > 0) pipInstall(folder, ...packages);
    writeFileSync(marker, '');
  }
  return join(folder, 'torch');
}
