// `npm run check-package`: packs what is built, installs it where no compiler is, and uses it there
// (test/package).
//
//   npm run check-package -- --node 20,22,24,latest    under these Node.js too, as npm has them
//   npm run check-package -- --tools                   through esbuild, Vitest and Jest, too
//   npm run check-package -- --only types,nodes        parts: package, types, nodes, tools
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBinaries } from './binaries.mjs';
import { describeBinaries } from './inspect-binaries.mjs';
import { capture, main, root, run, StepError } from './steps.mjs';

const PARTS = ['package', 'types', 'nodes', 'tools'];

function chosenParts({ only, tools }) {
  if (only === undefined) return PARTS.filter((part) => part !== 'tools' || tools);
  const parts = only.split(',');
  const unknown = parts.filter((part) => !PARTS.includes(part));
  if (unknown.length === 0) return parts;
  throw new StepError(`--only: there is no ${unknown.join(', ')}; expected ${PARTS.join(', ')}`);
}

/** Packs the binaries of the build that is there; gives the tarball's path. */
async function pack(folder) {
  console.log(describeBinaries(await makeBinaries({ present: true })));
  const { status, output } = await capture(
    'npm',
    ['pack', '--json', '--pack-destination', folder],
    {
      env: { ...process.env, FEWSOUND_PARTIAL_PACKAGE: '1' },
    },
  );
  if (status !== 0) throw new StepError(output);
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('[')));
  return join(folder, filename);
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', default: '' },
      tools: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const parts = chosenParts(values);
  const folder = mkdtempSync(join(tmpdir(), 'fewsound-tarball-'));
  try {
    const tarball = await pack(folder);
    const tests = parts.map((part) => join('test', 'package', `${part}.test.mjs`));
    // npm waits for the registry while another part computes.
    const how = ['--test', '--test-reporter=spec', '--test-concurrency=2'];
    run(process.execPath, [...how, ...tests], {
      env: { ...process.env, FEWSOUND_TARBALL: tarball, FEWSOUND_NODES: values.node },
      cwd: root,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
