// Finds LibTorch, in the order of the documentation (docs/setup.md), and says why it took what it took.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { FewSoundError } from './errors.js';
import { isCompatible, isSupported, PINNED_LIBTORCH, SUPPORTED_TEXT } from './libtorch-version.js';

/** Where a LibTorch was looked for. */
export type LibTorchSource = 'LIBTORCH' | 'FEWSOUND_PYTHON' | 'python3' | 'fewsound setup';

/** A LibTorch: the folder that holds `lib/` and `include/`. */
export interface LibTorch {
  readonly source: LibTorchSource;
  readonly path: string;
  /** For example `2.13.0+cpu`. */
  readonly version: string;
  /** The CUDA version it was built with, or null for a CPU build. */
  readonly cuda: string | null;
}

/** One place that was looked at. */
export interface LibTorchCandidate {
  readonly source: LibTorchSource;
  readonly path: string | null;
  readonly version: string | null;
  readonly cuda: string | null;
  /** Whether it was asked for by name, through an environment variable. */
  readonly explicit: boolean;
  readonly usable: boolean;
  /** Why it can or cannot be used. */
  readonly reason: string;
}

/** What `findLibTorch` found. */
export interface LibTorchSearch {
  readonly chosen: LibTorch | null;
  readonly candidates: readonly LibTorchCandidate[];
}

/** The folder of our own copy, whether or not it is there. */
export function libTorchFolder(): string {
  return join(cacheFolder(), `libtorch-${PINNED_LIBTORCH}`);
}

/** The file whose presence says that our own copy was installed to its end. */
export function completionMarker(): string {
  return join(libTorchFolder(), 'complete');
}

/**
 * Looks for a LibTorch: `$LIBTORCH`; the torch of `$FEWSOUND_PYTHON`, else of `python3`; the copy that
 * `fewsound setup` installed. The first usable one is chosen; one asked for by name is never passed over in silence.
 *
 * @param builtFor the version the addon was built for; without it any version the sources support will do
 */
export function findLibTorch(builtFor?: string): LibTorchSearch {
  const candidates: LibTorchCandidate[] = [];
  for (const look of [lookAtVariable, lookAtPython, lookAtOwnCopy]) {
    const candidate = look(builtFor);
    if (!candidate) continue;
    candidates.push(candidate);
    if (candidate.usable || candidate.explicit) break;
  }
  const last = candidates.at(-1);
  const { source, path, version, cuda } = last ?? {};
  const chosen =
    last?.usable && source && path && version
      ? { source, path, version, cuda: cuda ?? null }
      : null;
  return { chosen, candidates };
}

/**
 * The LibTorch to load.
 *
 * @throws FewSoundError LIBTORCH_VERSION when the one asked for by name is of another version, LIBTORCH_NOT_FOUND
 *   when there is none; the message lists what was looked at and says what to do
 */
export function requireLibTorch(builtFor?: string): LibTorch {
  const { chosen, candidates } = findLibTorch(builtFor);
  if (chosen) return chosen;
  const asked = candidates.find((candidate) => candidate.explicit);
  if (asked) {
    const code = asked.version === null ? 'LIBTORCH_NOT_FOUND' : 'LIBTORCH_VERSION';
    throw new FewSoundError(
      code,
      `${asked.source} does not lead to a LibTorch that fewsound can use: ${asked.reason}. Point it elsewhere, or unset it and run \`npx fewsound setup\`.`,
      { field: asked.source },
    );
  }
  const looked = candidates.map(({ source, reason }) => `  ${source}: ${reason}`).join('\n');
  throw new FewSoundError(
    'LIBTORCH_NOT_FOUND',
    `No LibTorch ${builtFor ?? SUPPORTED_TEXT} was found. Run \`npx fewsound setup\` to install it, or set LIBTORCH to the folder of one. Looked at:\n${looked}`,
  );
}

function lookAtVariable(builtFor?: string): LibTorchCandidate | null {
  const path = process.env.LIBTORCH;
  return path ? examine('LIBTORCH', path, true, builtFor) : null;
}

function lookAtPython(builtFor?: string): LibTorchCandidate {
  const named = process.env.FEWSOUND_PYTHON;
  const source = named ? 'FEWSOUND_PYTHON' : 'python3';
  const explicit = Boolean(named);
  const nothing = {
    source,
    path: null,
    version: null,
    cuda: null,
    explicit,
    usable: false,
  } as const;
  // find_spec finds the package without importing it, which would take seconds.
  const { status, stdout, error } = spawnSync(
    named ?? 'python3',
    [
      '-c',
      "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')",
    ],
    { encoding: 'utf8', env: process.env },
  );
  if (error || status !== 0) return { ...nothing, reason: `${named ?? 'python3'} cannot be run` };
  const path = stdout.trim();
  if (!path) return { ...nothing, reason: `${named ?? 'python3'} has no torch` };
  return examine(source, path, explicit, builtFor);
}

function lookAtOwnCopy(builtFor?: string): LibTorchCandidate {
  const nothing = {
    source: 'fewsound setup',
    path: null,
    version: null,
    cuda: null,
    explicit: false,
    usable: false,
  } as const;
  if (!existsSync(completionMarker())) return { ...nothing, reason: 'not installed' };
  const library = join(libTorchFolder(), 'lib');
  const python = readdirSync(library).find((name) => name.startsWith('python')) ?? '';
  return examine(
    'fewsound setup',
    join(library, python, 'site-packages', 'torch'),
    false,
    builtFor,
  );
}

function examine(
  source: LibTorchSource,
  path: string,
  explicit: boolean,
  builtFor?: string,
): LibTorchCandidate {
  const none = { source, path, version: null, cuda: null, explicit, usable: false } as const;
  if (!existsSync(join(path, 'lib', 'libtorch_cpu.so'))) {
    return { ...none, reason: `${path} holds no lib/libtorch_cpu.so` };
  }
  const found = readVersion(path);
  if (!found) return { ...none, reason: `${path} does not say which version it is` };
  const { version, cuda } = found;
  const kind = cuda === null ? 'CPU build' : `CUDA ${cuda} build`;
  const known = { source, path, version, cuda, explicit };
  if (builtFor !== undefined && !isCompatible(builtFor, version)) {
    return {
      ...known,
      usable: false,
      reason: `it is ${version}, and the addon was built for ${builtFor}`,
    };
  }
  if (!isSupported(version)) {
    return {
      ...known,
      usable: false,
      reason: `it is ${version}, and fewsound needs ${SUPPORTED_TEXT}`,
    };
  }
  return { ...known, usable: true, reason: `${version}, ${kind}` };
}

/** Version and CUDA version, from the text of torch's version.py or of LibTorch's build-version. */
function readVersion(path: string): { version: string; cuda: string | null } | null {
  const python = join(path, 'version.py');
  if (existsSync(python)) {
    const text = readFileSync(python, 'utf8');
    const version = /^__version__ = '([^']+)'/m.exec(text)?.[1];
    const cuda = /^cuda: .*= '([^']+)'/m.exec(text)?.[1] ?? null;
    return version ? { version, cuda } : null;
  }
  const plain = join(path, 'build-version');
  if (!existsSync(plain)) return null;
  const version = readFileSync(plain, 'utf8').trim();
  const digits = /\+cu(\d+)(\d)$/.exec(version);
  return { version, cuda: digits ? `${digits[1]}.${digits[2]}` : null };
}
