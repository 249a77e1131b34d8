// The installed package under several versions of Node.js: the present one, and those that
// FEWSOUND_NODES names, as npm has them. A warning is a failure: a newer Node.js warns of what it
// will take away.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/steps.mjs';
import { BareMachine } from './bare-machine.mjs';
import { torch } from './libtorch.mjs';
import { npmInstall } from './npm-install.mjs';
import { tarball } from './tarball.mjs';

const wanted = (process.env.FEWSOUND_NODES ?? '').split(',').filter(Boolean);
const folder = mkdtempSync(join(tmpdir(), 'fewsound-nodes-'));
const nodes = [
  { name: `${process.version}, the present one`, path: process.execPath },
  ...wanted.map((version) => ({
    name: version,
    path: join(folder, 'node_modules', `node-${version}`, 'bin', 'node'),
  })),
];
const recordings = ['wav', 'flac', 'mp3', 'ogg', 'opus'].map((format) =>
  join(root, 'node_modules', 'audio-lena', `lena.${format}`),
);

const machine = new BareMachine();
after(() => {
  machine.remove();
  rmSync(folder, { recursive: true, force: true });
});

before(async () => {
  const binaries = `node-${process.platform}-${process.arch}`;
  if (wanted.length > 0) {
    await npmInstall(
      folder,
      wanted.map((version) => `node-${version}@npm:${binaries}@${version}`),
    );
  }
  await npmInstall(machine.project, [tarball]);
  const programs = join(machine.project, 'programs');
  cpSync(join(root, 'test', 'package', 'programs'), programs, { recursive: true });
  mkdirSync(join(machine.project, 'runs'));
});

/** Runs a program; gives how it ended. */
function ended(node, args) {
  const { status, signal, stdout, stderr } = machine.run(node, args, { LIBTORCH: torch.path });
  return { status, signal, stdout, stderr };
}

/** Runs a program that must succeed without a warning but our own; gives what it prints. */
function said(node, args) {
  const { status, signal, stdout, stderr } = ended(node, args);
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
  assert.doesNotMatch(stderr, /(?<!FewSound)Warning: /);
  return stdout;
}

const numbers = [];

for (const [index, { name, path }] of nodes.entries()) {
  describe(`Node.js ${name}`, () => {
    test('is there', (t) => {
      numbers[index] = said(path, ['--version']).trim();
      t.diagnostic(numbers[index]);
    });

    test('imports, requires, fits in a thread, and goes on after a thread was terminated', () => {
      const imported = JSON.parse(said(path, ['programs/imported.mjs']));
      assert.equal(imported.length, 3);
      assert.ok(imported.every(Number.isFinite));
      assert.deepEqual(JSON.parse(said(path, ['programs/required.cjs'])), imported);
      assert.deepEqual(JSON.parse(said(path, ['programs/threads.mjs'])), {
        inThread: imported,
        after: imported,
      });
    });

    test('ends in the middle of a fit as it was told to', () => {
      const clean = { status: 7, signal: null, stdout: '', stderr: '' };
      assert.deepEqual(ended(path, ['programs/ends.mjs', 'exit']), clean);
      assert.deepEqual(ended(path, ['programs/ends.mjs', 'worker']), clean);
      const { status, signal, stderr } = ended(path, ['programs/ends.mjs', 'error']);
      assert.deepEqual({ status, signal }, { status: 1, signal: null });
      assert.match(stderr, /^Error: on purpose$/m);
    });

    test('reads every format, and lets its worker programs work', () => {
      const { predicted, read } = JSON.parse(said(path, ['programs/work.mjs', ...recordings]));
      assert.equal(predicted, 40);
      const formats = read.map(([format]) => format);
      assert.deepEqual(formats, ['wav', 'flac', 'mp3', 'vorbis', 'opus']);
      assert.ok(read.every(([, channels, rate]) => channels === 1 && rate >= 44_100));
    });

    test('goes on after files that were left open are collected', () => {
      const program = ['--expose-gc', 'programs/forgotten.mjs', `corpus-${index}`];
      assert.equal(said(path, program).trim(), '1024');
    });

    test('runs the command', () => {
      const bin = join('node_modules', 'fewsound', 'dist', 'cli', 'main.js');
      const size = ['--samples', '4096', '--layers', '12', '--order', '2'];
      const run = ['--steps', '3', '--out', `runs/${index}`, '--json'];
      const fitted = JSON.parse(said(path, [bin, 'fit', 'tone.wav', ...size, ...run]));
      assert.equal(fitted.steps, 3);
      const doctor = JSON.parse(said(path, [bin, 'doctor', '--json']));
      const node = doctor.checks.find((check) => check.name === 'Node.js');
      assert.deepEqual([node.state, doctor.usable], ['ok', true]);
      assert.ok(node.found.includes(numbers[index].slice(1)), node.found);
    });
  });
}
