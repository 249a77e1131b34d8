// What must be on the machine before anything can be built, and what to say where it is not.
import { spawnSync } from 'node:child_process';
import { findProgram, StepError } from './steps.mjs';

const MINIMUM_NODE = [20, 17];
const MINIMUM_CMAKE = [3, 20];

const version = (text) => (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
const atLeast = (have, want) => have[0] > want[0] || (have[0] === want[0] && have[1] >= want[1]);
const ask = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' });

const requirements = [
  {
    what: `Node.js ${MINIMUM_NODE.join('.')} or newer`,
    missing: () => !atLeast(version(process.versions.node), MINIMUM_NODE),
    remedy: 'install a current Node.js (nodejs.org, nvm, or your distribution)',
  },
  {
    what: 'Linux on x64 or arm64',
    missing: () => process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch),
    remedy: 'other systems are not supported yet',
  },
  {
    what: 'Python 3 with pip and venv (or LIBTORCH set to a LibTorch you already have)',
    missing: () =>
      !process.env.LIBTORCH &&
      ask(process.env.FEWSOUND_PYTHON || 'python3', '-c', 'import venv, ensurepip').status !== 0,
    remedy:
      'Debian, Ubuntu: apt install python3 python3-pip python3-venv · Fedora: dnf install python3 python3-pip',
  },
  {
    what: 'a C++20 compiler (GCC 12, Clang 15, or newer)',
    missing: () => !process.env.CXX && !findProgram('g++', 'clang++', 'c++'),
    remedy: 'Debian, Ubuntu: apt install g++ make · Fedora: dnf install gcc-c++ make',
  },
  {
    what: `CMake ${MINIMUM_CMAKE.join('.')} or newer`,
    missing: () => {
      const { status, stdout } = ask('cmake', '--version');
      return status !== 0 || !atLeast(version(stdout), MINIMUM_CMAKE);
    },
    remedy:
      'Debian, Ubuntu: apt install cmake · Fedora: dnf install cmake · anywhere: pip install cmake',
  },
  {
    what: 'make or ninja',
    missing: () => !findProgram('ninja', 'make'),
    remedy: 'Debian, Ubuntu: apt install ninja-build · Fedora: dnf install ninja-build',
  },
];

/** Throws one error that lists everything that is missing and how to get it. */
export function checkRequirements() {
  const missing = requirements.filter((requirement) => requirement.missing());
  if (missing.length === 0) return;
  throw new StepError(
    [
      'fewsound cannot be built here yet. Missing:',
      ...missing.map(({ what, remedy }) => `  - ${what}\n      ${remedy}`),
    ].join('\n'),
  );
}
