// `npm run gpu-check`: everything that needs a GPU, in one call, with one table at the end. The
// machine needs python3 with a CUDA PyTorch, nvcc, CMake and a C++ compiler; no network.
//
//   npm run gpu-check                     checks; status 0 all is well, 1 something is not, 3 something could not be run
//   npm run gpu-check -- --pack FILE.tgz  packs what has to be carried to such a machine: this working tree, its npm
//                                         packages and Node.js itself. There:
//                                         tar xzf FILE.tgz && fewsound/gpu-check
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build, libTorch } from './build.mjs';
import { capture, findProgram, main, root, run, StepError } from './steps.mjs';

const GOLDEN = join('test', 'golden');
const CUDA_TESTS = join('build', 'test', 'native', 'test_cuda');

/**
 * One thing to check: what it needs beside a build, the command, and how to read its figure from
 * the output.
 */
const CHECKS = [
  { name: 'kernels, emulated on the CPU', command: ctest('test_emulated') },
  { name: 'C++ tests on the GPU', gpu: true, command: [CUDA_TESTS] },
  {
    name: 'conformance on CUDA',
    gpu: true,
    command: [process.execPath, 'scripts/conformance.mjs', GOLDEN, '--device', 'cuda'],
  },
  {
    name: 'memory checker',
    gpu: true,
    program: 'compute-sanitizer',
    command: sanitizer('memcheck'),
  },
  {
    name: 'race checker',
    gpu: true,
    program: 'compute-sanitizer',
    command: sanitizer('racecheck'),
  },
];

function ctest(pattern) {
  return ['ctest', '--test-dir', 'build', '--output-on-failure', '-R', pattern];
}

function sanitizer(tool) {
  return ['compute-sanitizer', '--tool', tool, '--error-exitcode', '1', CUDA_TESTS];
}

/** The benchmarks that are for a GPU, from the list of all. */
function benchmarks() {
  const list = readFileSync(join(root, 'bench', 'main.ts'), 'utf8');
  return [...list.matchAll(/^ {2}'(gpu-[\w-]+)':/gm)].map(([, name]) => ({
    name: `benchmark ${name}`,
    gpu: true,
    command: [process.execPath, 'scripts/bench.mjs', name, '--json'],
  }));
}

/** The first GPU and its driver, or null. */
function gpu() {
  const { status, stdout } = spawnSync(
    'nvidia-smi',
    ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'],
    { encoding: 'utf8' },
  );
  const [first = ''] = status === 0 ? stdout.split('\n') : [];
  return first.trim() || null;
}

/** Why a check cannot be run here, or null. */
function obstacle(check, facts) {
  if (check.gpu && facts.gpu === null) return 'no GPU: nvidia-smi finds none';
  if (check.gpu && facts.torch.cuda === null)
    return `LibTorch ${facts.torch.version} is a CPU build`;
  if (check.program && !findProgram(check.program)) return `${check.program} is not installed`;
  return null;
}

async function perform(check, facts) {
  const reason = obstacle(check, facts);
  if (reason !== null) return { ...check, outcome: 'not run', detail: reason };
  console.error(`\n── ${check.name}`);
  const start = Date.now();
  const [program, ...args] = check.command;
  const { status, output } = await capture(program, args, {
    show: true,
    env: {
      ...process.env,
      LIBTORCH: facts.torch.path,
      ...(check.gpu && { FEWSOUND_REQUIRE_CUDA: '1' }),
    },
  });
  const seconds = `${((Date.now() - start) / 1000).toFixed(1)} s`;
  if (status !== 0) return { ...check, outcome: 'FAILED', detail: `status ${status}, ${seconds}` };
  const figure = check.name.startsWith('benchmark') ? output.trim().split('\n').at(-1) : seconds;
  return { ...check, outcome: 'passed', detail: figure };
}

async function checkAll() {
  await build({ tests: true });
  const torch = await libTorch();
  const facts = { gpu: gpu(), torch };
  const results = [];
  for (const check of [...CHECKS, ...benchmarks()]) results.push(await perform(check, facts));

  const { stdout: nvcc } = spawnSync('nvcc', ['--version'], { encoding: 'utf8' });
  const release = /release ([\d.]+)/.exec(nvcc ?? '')?.[1] ?? 'not found';
  console.log(
    `\nGPU: ${facts.gpu ?? 'none'} · LibTorch ${torch.version} · nvcc ${release} · Node.js ${process.versions.node}\n`,
  );
  console.log('| check | outcome | |\n|---|---|---|');
  for (const { name, outcome, detail } of results)
    console.log(`| ${name} | ${outcome} | ${detail} |`);
  if (results.some(({ outcome }) => outcome === 'FAILED')) return 1;
  return results.some(({ outcome }) => outcome === 'not run') ? 3 : 0;
}

/** Writes an archive with one folder, `fewsound`, that needs neither npm nor a network. */
function pack(file) {
  const stage = mkdtempSync(join(tmpdir(), 'fewsound-pack-'));
  try {
    const folder = join(stage, 'fewsound');
    const listed = spawnSync(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    if (listed.status !== 0)
      throw new StepError('--pack needs a clone: git does not list its files');
    const keep = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    for (const name of listed.stdout.split('\0').filter(Boolean)) {
      const to = join(folder, name);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(root, name), to, keep);
    }
    cpSync(join(root, 'node_modules'), join(folder, 'node_modules'), keep);
    cpSync(process.execPath, join(folder, 'node'), { preserveTimestamps: true });
    const start = join(folder, 'gpu-check');
    writeFileSync(
      start,
      '#!/bin/sh\ncd "$(dirname "$0")" && exec ./node scripts/gpu-check.mjs "$@"\n',
    );
    chmodSync(start, 0o755);
    run('tar', ['-czf', resolve(file), '-C', stage, 'fewsound']);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  console.log(`${file}: unpack it on a machine with a GPU and run fewsound/gpu-check`);
}

await main(() => {
  const [flag, file] = process.argv.slice(2);
  if (flag === undefined) return checkAll();
  if (flag !== '--pack' || file === undefined) {
    throw new StepError('usage: npm run gpu-check [-- --pack FILE.tgz]');
  }
  pack(file);
});
