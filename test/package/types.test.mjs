// The declarations as others compile them: strict projects of several kinds, by several versions of
// TypeScript. The programs are in consumer/; they are compiled, never run.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { capture, root } from '../../scripts/steps.mjs';
import { npmInstall } from './npm-install.mjs';
import { tarball, unpack } from './tarball.mjs';

/** The oldest that we support, the one we build with, and the newest. */
const VERSIONS = ['5.4', '5.9', 'latest'];

const project = mkdtempSync(join(tmpdir(), 'fewsound-types-'));
const declarations = join(project, 'node_modules', 'fewsound', 'dist', 'types.d.ts');
const tool = (...path) => join(project, 'tools', 'node_modules', ...path);
after(() => rmSync(project, { recursive: true, force: true }));

before(async () => {
  // The package alone: its declarations need none of its dependencies.
  const installed = join(project, 'node_modules', 'fewsound');
  for (const folder of [installed, join(project, 'tools')]) {
    mkdirSync(folder, { recursive: true });
  }
  unpack(installed);
  cpSync(join(root, 'test', 'package', 'consumer'), project, { recursive: true });
  await npmInstall(join(project, 'tools'), [
    ...VERSIONS.map((version) => `typescript-${version}@npm:typescript@${version}`),
    '@arethetypeswrong/cli',
  ]);
});

/** Compiles programs in a strict project; all options but these are the same for every project. */
async function compile(version, name, { files, ...options }) {
  const config = join(project, `${version} ${name}.json`);
  const compilerOptions = {
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    typeRoots: [join(root, 'node_modules', '@types')],
    noEmit: true,
    ...options,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const tsc = tool(`typescript-${version}`, 'bin', 'tsc');
  const { status, output } = await capture(process.execPath, [tsc, '-p', config], { cwd: project });
  assert.equal(status, 0, output);
}

const bare = { lib: ['es2022'], types: [] };
const bundler = { module: 'esnext', moduleResolution: 'bundler' };

for (const version of VERSIONS) {
  describe(`TypeScript ${version}`, () => {
    test('node16, without the types of Node.js and the DOM', () =>
      compile(version, 'node16', {
        ...bare,
        module: 'node16',
        files: ['bare.mts', 'commonjs.cts'],
      }));

    test('a bundler, without the types of Node.js and the DOM', () =>
      compile(version, 'bundler', { ...bare, ...bundler, files: ['bare.mts'] }));

    test('nodenext, with `using`', () => {
      const lib = ['es2022', 'esnext.disposable'];
      const files = ['bare.mts', 'commonjs.cts', 'disposal.mts'];
      return compile(version, 'disposable', { module: 'nodenext', types: [], lib, files });
    });

    test('nodenext, with the types of Node.js and all of lib', () => {
      const files = ['module.mts', 'commonjs.cts', 'platform.mts', 'disposal.mts'];
      const lib = ['esnext'];
      return compile(version, 'node', { module: 'nodenext', types: ['node'], lib, files });
    });
  });
}

test('with the types of the DOM', () => {
  const options = { ...bundler, lib: ['es2022', 'dom'], types: [] };
  return compile('latest', 'dom', { ...options, files: ['module.mts', 'platform.mts'] });
});

test('no declaration says `any` where a type belongs', () => {
  const lines = readFileSync(declarations, 'utf8').split('\n');
  const comment = /^\s*(\/?\*|\/\/)/;
  assert.deepEqual(
    lines.filter((line) => !comment.test(line) && /(?:[:<|,(=]|=>)\s*any\b(?!\()/.test(line)),
    [],
  );
});

test('attw finds the types that each way of importing gets', async () => {
  const attw = tool('.bin', 'attw');
  const { status, output } = await capture(attw, [tarball, '--no-color'], { cwd: project });
  assert.equal(status, 0, output);
});

test('publint finds nothing to suggest', async () => {
  const publint = join(root, 'node_modules', '.bin', 'publint');
  const { status, output } = await capture(publint, ['run', tarball, '--strict']);
  assert.equal(status, 0, output);
});
