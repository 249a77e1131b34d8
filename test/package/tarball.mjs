import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** The package as `npm run check-package` has packed it. */
export const tarball = process.env.FEWSOUND_TARBALL;
assert.ok(tarball, 'these tests are run by `npm run check-package`');

function tar(args) {
  const { status, stdout, stderr } = spawnSync('tar', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** The paths of the files that the package holds. */
export function packedFiles() {
  const paths = tar(['-tzf', tarball]).trim().split('\n');
  return paths.map((path) => path.replace(/^package\//, ''));
}

/** Unpacks the package into a folder that is there: nothing of what it depends on. */
export function unpack(folder) {
  tar(['-xzf', tarball, '--strip-components=1', '-C', folder]);
}
