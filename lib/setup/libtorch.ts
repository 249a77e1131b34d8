import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { FewSoundError } from '../errors.js';

/**
 * Where fewsound keeps what all its copies share: `$XDG_CACHE_HOME/fewsound`, by default
 * `~/.cache/fewsound`.
 */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fewsound');
}

/** The folder of this package: the same from sources and from the compiled files. */
export function packageRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'fewsound') {
      return folder;
    }
    if (folder === dirname(folder)) return __dirname;
  }
}

// Where the cores are. A core is the part of the addon that is linked against LibTorch, built for
// one minor version of it; it lies in a folder `torch-MINOR` beside the addon that was built with
// it.
/** A core, and the minor version of LibTorch that it runs with. */
export interface Core {
  /** For example `2.13`. */
  readonly libTorch: string;
  /** The path of fewsound_core.so. */
  readonly path: string;
}

/** How to get a core where none fits. */
export const HOW_TO_BUILD =
  'Build it from source, with a C++20 compiler and CMake: in a clone, `npm run build`; for the package, `npm install --save-dev cmake-js node-addon-api` and then `npm explore fewsound -- node scripts/build-native.mjs`.';

/**
 * The cores for an addon, oldest version of LibTorch first. For a version that was built here and
 * came with the package as well, the one that was built.
 *
 * @param addonPath the path of fewsound.node: in `build/Release` where there is a build, else in
 *   `prebuilds`
 * @param root the folder of the package
 */
export function findCores(addonPath: string, root = packageRoot()): readonly Core[] {
  const packed = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  const found = new Map<string, Core>();
  for (const folder of [packed, dirname(addonPath)]) {
    for (const core of coresIn(folder)) found.set(core.libTorch, core);
  }
  return [...found.values()].sort((a, b) =>
    a.libTorch.localeCompare(b.libTorch, 'en', { numeric: true }),
  );
}

function coresIn(folder: string): Core[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .map((name) => ({
      libTorch: /^torch-(\d+\.\d+)$/.exec(name)?.[1] ?? '',
      path: join(folder, name, 'fewsound_core.so'),
    }))
    .filter(({ libTorch, path }) => libTorch !== '' && existsSync(path));
}

/** The LibTorch that set-up installs. The one place that says so. */
export const PINNED_LIBTORCH = '2.13.0';

/**
 * One LibTorch of each minor version that fewsound works with, oldest first: what the cores of the
 * package are built against (docs/publishing.md says what was run with them).
 */
export const TESTED_LIBTORCH: readonly string[] = [
  '2.11.0',
  '2.12.1',
  '2.13.0',
  '2.14.1',
  '2.15.0',
];

/** The minor version, `2.13` of `2.13.0+cu130`: within it LibTorch keeps its binary interface. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.');
}

/** The minor versions that the sources compile and pass their tests with, oldest first. */
export const SUPPORTED_LIBTORCH: readonly string[] = TESTED_LIBTORCH.map(minorVersion);

// Finds LibTorch, in the order of the documentation (docs/setup.md), and says why it took what it
// took.
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
  /** The minor versions that will do, for example `2.13`. */
  readonly versions: readonly string[];
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
 * Looks for a LibTorch: `$LIBTORCH`; the torch of `$FEWSOUND_PYTHON`, else of `python3`; the copy
 * that `fewsound setup` installed. The first usable one is chosen; one asked for by name is never
 * passed over in silence.
 *
 * @param versions the minor versions that will do: those that there are cores for, or all that the
 *   sources support
 */
export function findLibTorch(versions = SUPPORTED_LIBTORCH): LibTorchSearch {
  const candidates: LibTorchCandidate[] = [];
  for (const look of [lookAtVariable, lookAtPython, lookAtOwnCopy]) {
    const candidate = look(versions);
    if (!candidate) continue;
    candidates.push(candidate);
    if (candidate.usable || candidate.explicit) break;
  }
  return { chosen: usable(candidates.at(-1)), candidates, versions };
}

/**
 * The copy that `fewsound setup` installed, whatever is found before it; null where it is not
 * there.
 */
export function ownLibTorch(): LibTorch | null {
  return usable(lookAtOwnCopy(SUPPORTED_LIBTORCH));
}

function usable(candidate: LibTorchCandidate | undefined): LibTorch | null {
  if (!candidate?.usable || candidate.path === null || candidate.version === null) return null;
  const { source, path, version, cuda } = candidate;
  return { source, path, version, cuda };
}

/**
 * The LibTorch to load.
 *
 * @param versions as for `findLibTorch`
 * @throws FewSoundError LIBTORCH_VERSION when the one asked for by name is of another version,
 *   LIBTORCH_NOT_FOUND when there is none; the message lists what was looked at, names the versions
 *   that work and says what to do
 */
export function requireLibTorch(versions = SUPPORTED_LIBTORCH): LibTorch {
  const { chosen, candidates } = findLibTorch(versions);
  if (chosen) return chosen;
  const buildable = candidates.find(
    ({ version }) => version !== null && SUPPORTED_LIBTORCH.includes(minorVersion(version)),
  );
  const build = buildable
    ? ` To use ${buildable.version}, fewsound must be built for it. ${HOW_TO_BUILD}`
    : '';
  const asked = candidates.find((candidate) => candidate.explicit);
  if (asked) {
    const code = asked.version === null ? 'LIBTORCH_NOT_FOUND' : 'LIBTORCH_VERSION';
    throw new FewSoundError(
      code,
      `${asked.source} does not lead to a LibTorch that fewsound can use: ${asked.reason}. Point it elsewhere, or unset it and run \`npx fewsound setup\`.${build}`,
      { field: asked.source },
    );
  }
  const looked = candidates.map(({ source, reason }) => `  ${source}: ${reason}`).join('\n');
  throw new FewSoundError(
    'LIBTORCH_NOT_FOUND',
    `No LibTorch ${versions.join(', ')} was found. Run \`npx fewsound setup\` to install one, or set LIBTORCH to the folder of one.${build} Looked at:\n${looked}`,
  );
}

function lookAtVariable(versions: readonly string[]): LibTorchCandidate | null {
  const path = process.env.LIBTORCH;
  return path ? examine('LIBTORCH', path, true, versions) : null;
}

function lookAtPython(versions: readonly string[]): LibTorchCandidate {
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
    named || 'python3',
    [
      '-c',
      "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')",
    ],
    { encoding: 'utf8', env: process.env },
  );
  if (error || status !== 0) return { ...nothing, reason: `${named || 'python3'} cannot be run` };
  const path = stdout.trim();
  if (!path) return { ...nothing, reason: `${named || 'python3'} has no torch` };
  return examine(source, path, explicit, versions);
}

function lookAtOwnCopy(versions: readonly string[]): LibTorchCandidate {
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
    versions,
  );
}

function examine(
  source: LibTorchSource,
  path: string,
  explicit: boolean,
  versions: readonly string[],
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
  if (!versions.includes(minorVersion(version))) {
    const why = SUPPORTED_LIBTORCH.includes(minorVersion(version))
      ? 'is not built for it here'
      : 'does not know it';
    const reason = `it is ${version}, and fewsound ${why}: it works with ${versions.join(', ')}`;
    return { ...known, usable: false, reason };
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
