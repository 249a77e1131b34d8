// The installed package in the hands of other tools, as npm has them today: bundled by esbuild,
// tested by Vitest and Jest.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/steps.mjs';
import { BareMachine } from './bare-machine.mjs';
import { torch } from './libtorch.mjs';
import { npmInstall } from './npm-install.mjs';
import { tarball } from './tarball.mjs';

const recording = (format) => join(root, 'node_modules', 'audio-lena', `lena.${format}`);
const environment = {
  LIBTORCH: torch.path,
  WAV: recording('wav'),
  FLAC: recording('flac'),
  MP3: recording('mp3'),
};

const machine = new BareMachine();
after(() => machine.remove());

before(async () => {
  await npmInstall(machine.project, [tarball, 'esbuild', 'vitest', 'jest']);
  for (const [program, name] of [
    ['app.ts', 'app.ts'],
    ['in-vitest.mjs', 'vitest.test.mjs'],
    ['in-jest.js', 'jest.test.js'],
  ]) {
    cpSync(join(root, 'test', 'package', 'programs', program), join(machine.project, name));
  }
});

/** Runs a program that must succeed, and gives its output. */
function output(command, args) {
  const { status, signal, stdout, stderr } = machine.run(command, args, environment);
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${signal ?? status}\n${stdout}${stderr}`);
  return stdout;
}

describe('esbuild, with the packages outside', () => {
  for (const [format, file] of [
    ['esm', 'bundle.mjs'],
    ['cjs', 'bundle.cjs'],
  ]) {
    test(`a bundle of format ${format} runs`, () => {
      const bundling = ['--bundle', '--platform=node', '--packages=external'];
      output('esbuild', ['app.ts', ...bundling, `--format=${format}`, `--outfile=${file}`]);
      assert.deepEqual(JSON.parse(output('node', [file, environment.FLAC])), [2, 40, 1000]);
    });
  }
});

describe('Vitest', () => {
  for (const pool of ['forks', 'threads', 'vmThreads']) {
    test(`tests that use the package pass in ${pool}`, () => {
      output('vitest', ['run', '--pool', pool, 'vitest.test.mjs']);
    });
  }
});

test('Jest as it is: tests that use the package pass', () => {
  output('jest', ['--runInBand', 'jest.test.js']);
});
