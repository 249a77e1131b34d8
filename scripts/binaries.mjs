// `npm run binaries`: prebuilds/PLATFORM-ARCH, the binaries that the npm package carries, and what
// they ask of a machine. docs/publishing.md says where to run it for a release.
//
//   npm run binaries                 a core for every version of LibTorch that fewsound works with
//   npm run binaries -- --present    only what this clone is built for already
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, buildAgainst, prepareBuild } from './build.mjs';
import { fetchLibTorch, hasNvcc } from './fetch-libtorch.mjs';
import { describeBinaries, inspectBinaries } from './inspect-binaries.mjs';
import { main, require, root, run, StepError } from './steps.mjs';

/** Builds the addon for each version, in folders of their own; gives the folders. */
async function buildForEach() {
  const { minorVersion, TESTED_LIBTORCH } = require('../dist/setup/libtorch.js');
  const folders = [];
  for (const version of TESTED_LIBTORCH) {
    const out = join('build', 'binaries', `torch-${minorVersion(version)}`);
    await buildAgainst({ version, out, facts: [hasNvcc()], folder: () => fetchLibTorch(version) });
    folders.push(join(root, out, 'Release'));
  }
  return folders;
}

/** The binaries of a build, by the names that they have in its folder. */
export function binariesOf(release) {
  return readdirSync(release, { recursive: true }).filter((name) =>
    /^(torch-[\d.]+\/)?fewsound\w*\.(node|so)$/.test(name),
  );
}

/**
 * Makes prebuilds/PLATFORM-ARCH; returns the folder and what is in it.
 *
 * @param present take what this clone is built for already, and build nothing
 */
export async function makeBinaries({ present }) {
  if (present && !existsSync(join(root, 'build', 'Release', 'fewsound.node'))) {
    throw new StepError('there is no build to take the binaries from; run `npm run build`');
  }
  const releases = present ? [join(root, 'build', 'Release')] : await buildForEach();
  const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  // What an earlier build left would be packed as well.
  rmSync(folder, { recursive: true, force: true });
  for (const release of releases) {
    for (const name of binariesOf(release)) {
      const copy = join(folder, name);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(release, name), copy);
      run('strip', ['--strip-all', copy]);
    }
  }
  return { folder, binaries: inspectBinaries(folder) };
}

if (process.argv[1] === join(root, 'scripts', 'binaries.mjs')) {
  await main(async () => {
    const present = process.argv.includes('--present');
    await (present ? build() : prepareBuild());
    console.log(describeBinaries(await makeBinaries({ present })));
  });
}
