import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What must not be there: whatever could compile the addon behind the user's back. */
export const COMPILERS = [
  ...['cc', 'gcc', 'c++', 'g++', 'clang', 'clang++', 'nvcc', 'ld'],
  ...['make', 'ninja', 'cmake', 'cmake-js', 'node-gyp'],
];
const PLAIN = ['sh', 'env', 'cat', 'ls', 'cp', 'mv', 'rm', 'mkdir', 'ln', 'dirname', 'uname'];

/** The path of a program on this machine; throws where there is none. */
function locate(program) {
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} is needed for this test`);
  return stdout.trim();
}

/**
 * A machine as a user has it: an empty project, and on PATH Node.js, npm, Python 3 and the plain
 * programs of a system.
 */
export class BareMachine {
  #folder = mkdtempSync(join(tmpdir(), 'fewsound-package-'));
  #path = join(this.#folder, 'bin');
  /** The user's project. */
  project = join(this.#folder, 'project');

  constructor() {
    mkdirSync(this.#path);
    mkdirSync(this.project);
    symlinkSync(process.execPath, join(this.#path, 'node'));
    for (const program of ['npm', 'npx', ...PLAIN]) {
      symlinkSync(locate(program), join(this.#path, program));
    }
    // A script and no link: Python finds its packages from the path that it was started by.
    const ask = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    });
    this.program('python3', ask.stdout.trim());
  }

  /** Puts a program on PATH, or in its place. */
  program(name, path) {
    rmSync(join(this.#path, name), { force: true });
    writeFileSync(join(this.#path, name), `#!/bin/sh\nexec '${path}' "$@"\n`, { mode: 0o755 });
  }

  /**
   * Runs a program of PATH in the project. No copy of LibTorch is known there but by what
   * `environment` says.
   */
  run(command, args, environment = {}) {
    const inherited = Object.entries(process.env).filter(
      ([name]) =>
        !/^(LIBTORCH|FEWSOUND_.*|NODE_(OPTIONS|PATH|ENV|TEST_CONTEXT)|npm_(?!config_).*|CXX|CC)$/.test(
          name,
        ),
    );
    return spawnSync(command, args, {
      cwd: this.project,
      encoding: 'utf8',
      // What hangs is ended by SIGTERM, and so seen.
      timeout: 300_000,
      env: {
        ...Object.fromEntries(inherited),
        PATH: [join(this.project, 'node_modules', '.bin'), this.#path].join(delimiter),
        XDG_CACHE_HOME: join(this.#folder, 'cache'),
        ...environment,
      },
    });
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
