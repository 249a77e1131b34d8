// A LibTorch to build against, of a given version: pip's torch without what it depends on, in the user's cache folder.
// What pip is told elsewhere (index, find-links, constraints) holds here too.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, require, run } from './steps.mjs';

function pipInstall(folder, requirement) {
  const quietly = ['--disable-pip-version-check', '--progress-bar', 'off', '--quiet'];
  run(
    process.env.FEWSOUND_PYTHON ?? 'python3',
    [
      '-m',
      'pip',
      'install',
      ...quietly,
      '--no-deps',
      '--no-compile',
      '--target',
      folder,
      requirement,
    ],
    { stdio: ['ignore', process.stderr, 'inherit'] },
  );
}

/** The NCCL that this torch was built with, as pip names it: its header is in no LibTorch. */
function ncclOf(folder) {
  const information = readdirSync(folder).find((name) => /^torch-.*\.dist-info$/.test(name));
  const text = readFileSync(join(folder, information, 'METADATA'), 'utf8');
  const [, name, version] = /^Requires-Dist: (nvidia-nccl-cu\d+)==([\d.]+)/m.exec(text) ?? [];
  return name && `${name}==${version}`;
}

/** Whether kernels for CUDA are going to be compiled (cmake/CudaCompiler.cmake). */
export function hasNvcc() {
  return (
    process.env.FEWSOUND_CUDA !== 'OFF' &&
    Boolean(process.env.CUDACXX || findProgram('nvcc') || existsSync('/usr/local/cuda/bin/nvcc'))
  );
}

/**
 * The folder of LibTorch `version` (like 2.13.0), fetched where it is not there. Where nvcc is, the standard build, a
 * CUDA build with the headers for fewsound_cuda.so; elsewhere whatever build pip takes.
 */
export function fetchLibTorch(version) {
  const { cacheFolder } = require('../dist/native/index.js');
  const cuda = hasNvcc();
  const folder = join(cacheFolder(), 'build-against', `torch-${version}${cuda ? '-cuda' : ''}`);
  const marker = join(folder, 'complete');
  if (!existsSync(marker)) {
    console.error(`• LibTorch ${version} to build against, with pip, into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // `===` takes the version by that very name, where `==` prefers 2.13.0+cpu to 2.13.0.
    pipInstall(folder, `torch${cuda ? '===' : '=='}${version}`);
    const nccl = cuda && ncclOf(folder);
    if (nccl) pipInstall(folder, nccl);
    writeFileSync(marker, '');
  }
  return join(folder, 'torch');
}
