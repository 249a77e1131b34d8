import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { searchLibTorch } from '../native/addon.js';
import { packageRoot } from '../native/package-root.js';
import type { CommandResult } from './command-context.js';

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
