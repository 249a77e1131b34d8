import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../scripts/steps.mjs';

/** What keeps npm to the point. */
export const QUIETLY = ['--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Makes a folder a project and installs packages into it, such as
 * `typescript-5.4@npm:typescript@5.4` or a tarball. npm asks the registry what is the newest.
 */
export async function npmInstall(folder, packages) {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const { status, output } = await capture('npm', ['install', ...packages, ...QUIETLY], {
    cwd: folder,
  });
  assert.equal(status, 0, output);
}
