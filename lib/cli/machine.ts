import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { searchLibTorch } from '../addon/addon.js';
import { packageRoot } from '../setup/libtorch.js';
import type { CommandResult } from './command.js';

/** Vector instructions that the addon's kernels know, the widest first. */
const INSTRUCTIONS = ['avx512f', 'avx2', 'fma', 'asimd'] as const;

/** The processor: its name, how many threads this process may use, and its vector instructions. */
export interface Processor {
  readonly name: string;
  readonly threads: number;
  readonly instructions: readonly string[];
}

export function processor(): Processor {
  const text = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? []);
  return {
    name: cpus()[0]?.model.trim() || process.arch,
    threads: availableParallelism(),
    instructions: INSTRUCTIONS.filter((name) => flags.has(name)),
  };
}

/** Version of the NVIDIA driver, or null where there is none. */
export function nvidiaDriver(): string | null {
  const file = '/proc/driver/nvidia/version';
  if (!existsSync(file)) return existsSync('/dev/nvidiactl') ? 'unknown version' : null;
  return /Kernel Module\D*([\d.]+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown version';
}

/** The first of the programs that runs, with the first line that it says of its version. */
export function findTool(
  ...programs: readonly string[]
): { readonly program: string; readonly version: string } | null {
  for (const program of programs) {
    const { status, stdout, stderr } = spawnSync(program, ['--version'], {
      encoding: 'utf8',
      timeout: 5000,
    });
    if (status !== 0) continue;
    return { program, version: (stdout || stderr).split('\n')[0]?.trim() ?? '' };
  }
  return null;
}

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Versions of what decides a result, by name. */
export function versions(): Record<string, string> {
  const { chosen } = searchLibTorch();
  return {
    fewsound: packageVersion(),
    LibTorch: chosen?.version ?? 'not found',
    'Node.js': process.versions.node,
  };
}

/** `fewsound --version`. */
export function describeVersions(): CommandResult {
  const known = versions();
  return {
    json: known,
    text: Object.entries(known)
      .map(([name, version]) => `${name} ${version}`)
      .join('\n'),
  };
}
