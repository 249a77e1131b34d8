import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * A machine of our own making: a home folder, programs called python3, and folders that look like
 * LibTorch.
 */
export class FakeMachine {
  private readonly before = { ...process.env };

  private constructor(readonly folder: string) {
    delete process.env.LIBTORCH;
    delete process.env.FEWSOUND_PYTHON;
    process.env.XDG_CACHE_HOME = join(folder, 'cache');
    process.env.PATH = [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter);
  }

  static async create(): Promise<FakeMachine> {
    const machine = new FakeMachine(await mkdtemp(join(tmpdir(), 'fewsound-machine-')));
    await machine.program('python3', 'exit 127');
    return machine;
  }

  async remove(): Promise<void> {
    process.env = this.before;
    await rm(this.folder, { recursive: true });
  }

  /** A shell script in PATH; returns where it is. */
  async program(name: string, script: string): Promise<string> {
    const path = join(this.folder, 'bin', name);
    await mkdir(join(this.folder, 'bin'), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  /** A folder that looks like torch's; returns where it is. */
  async torch(name: string, version: string, cuda: string | null = null): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(join(path, 'lib'), { recursive: true });
    await writeFile(join(path, 'lib', 'libtorch_cpu.so'), '');
    await writeFile(
      join(path, 'version.py'),
      `__version__ = '${version}'\ncuda: Optional[str] = ${cuda === null ? 'None' : `'${cuda}'`}\n`,
    );
    return path;
  }
}
