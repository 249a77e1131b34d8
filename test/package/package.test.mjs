// The way of a user: `npm install fewsound` on a machine without compilers, with a LibTorch that
// pip installed. Run by `npm run check-package`; it takes the addon from the build of this clone
// and compiles nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { binariesOf } from '../../scripts/binaries.mjs';
import { require, root } from '../../scripts/steps.mjs';
import { BareMachine, COMPILERS } from './bare-machine.mjs';
import { torch } from './libtorch.mjs';
import { QUIETLY } from './npm-install.mjs';
import { packedFiles, tarball } from './tarball.mjs';

const { findCores } = require('../dist/setup/libtorch.js');
const { minorVersion, SUPPORTED_LIBTORCH } = require('../dist/setup/libtorch.js');
const withTorch = { LIBTORCH: torch.path };
/** The Python that pip installed this LibTorch for; a LibTorch of another kind has none. */
const python = resolve(torch.path, '../../../../bin/python3');
const withoutPython = !existsSync(python) && 'the LibTorch in use is not the torch of a Python';

const machine = new BareMachine();
const installed = join(machine.project, 'node_modules', 'fewsound');
const platform = `${process.platform}-${process.arch}`;
/** The core that this build has, below the folder of the binaries. */
const core = join(`torch-${minorVersion(torch.version)}`, 'fewsound_core.so');
const packed = packedFiles();
after(() => machine.remove());

before(() => {
  output('npm', ['install', tarball, ...QUIETLY, '--prefer-offline']);
});

function npmPack(environment = {}) {
  return spawnSync('npm', ['pack', '--json', '--pack-destination', machine.project], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FEWSOUND_PARTIAL_PACKAGE: '', ...environment },
  });
}

/** Runs a program that must succeed, and gives its output. */
function output(command, args, environment) {
  const { status, signal, stdout, stderr } = machine.run(command, args, environment);
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${signal ?? status}\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Runs `npx fewsound … --json`; gives the status and the one object that it prints. No command may
 * crash.
 */
function fewsound(args, environment = withTorch) {
  const run = machine.run('npx', ['--offline', 'fewsound', ...args, '--json'], environment);
  assert.ok(run.status === 0 || run.status === 1, `${run.signal ?? run.status}\n${run.stderr}`);
  return { status: run.status, json: JSON.parse(run.stdout) };
}

function fit(out, steps, environment = withTorch) {
  const size = ['--samples', '4096', '--layers', '12', '--order', '2', '--seed', '1'];
  const run = ['--steps', String(steps), '--threads', '1', '--out', out];
  return fewsound(['fit', 'tone.wav', ...size, ...run], environment);
}

describe('the tarball', () => {
  test('holds every binary of the build, the licence, the guides and what building from source needs', () => {
    const built = binariesOf(join(root, 'build', 'Release'));
    assert.ok(built.includes('fewsound.node') && built.includes(core));
    for (const path of [
      ...built.map((name) => `prebuilds/${platform}/${name}`),
      ...['LICENSE', 'README.md', 'CMakeLists.txt', 'scripts/build-native.mjs'],
      ...['docs/metrics.md', 'bench/results/kan.md'],
      ...['', 'analysis/', 'data/', 'player/', 'report/', 'tensor/'].flatMap((room) =>
        ['js', 'mjs', 'd.ts', 'd.mts'].map((kind) => `dist/${room}index.${kind}`),
      ),
      'dist/types.d.ts',
      'dist/player/browser.mjs',
      ...['index.html', 'main.js', 'main.css'].map((name) => `dist/studio/page/${name}`),
    ]) {
      assert.ok(packed.includes(path), `${path} is not in it`);
    }
  });

  test('is refused without a core for each version of LibTorch, unless that is said', () => {
    // This test packs what the clone is built for, one version.
    const { status, stderr } = npmPack();
    assert.notEqual(status, 0);
    const lacking = SUPPORTED_LIBTORCH.filter((minor) =>
      stderr.includes(`prebuilds/${platform}/torch-${minor}/fewsound_core.so`),
    );
    assert.deepEqual(
      lacking,
      SUPPORTED_LIBTORCH.filter((minor) => minor !== minorVersion(torch.version)),
    );
  });

  test('holds no tests, benchmarks or state of the build', () => {
    const strange = packed.filter(
      (path) =>
        !/^(dist|prebuilds|binding|native|cmake|configs|docs|examples|bench\/results)\/|^scripts\/build-native\.mjs$|^models\/README\.md$|^[\w.]+$/.test(
          path,
        ) || /test|bench(?!\/results\/)|tsbuildinfo/.test(path),
    );
    assert.deepEqual(strange, []);
  });

  test('holds whatever its guides lead to', () => {
    const guides = packed.filter((path) => path.endsWith('.md'));
    assert.ok(guides.length > 20);
    const dead = guides.flatMap((guide) =>
      [...readFileSync(join(installed, guide), 'utf8').matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)]
        .map(([, link, source]) => link ?? source)
        .filter((target) => !/^(\w+:|#)/.test(target))
        .map((target) => join(dirname(guide), target.replace(/#.*/, '')))
        .filter((path) => !packed.some((file) => file === path || file.startsWith(`${path}/`)))
        .map((path) => `${guide} leads to ${path}`),
    );
    assert.deepEqual(dead, []);
  });

  test('holds source maps that carry their sources, for every compiled file', () => {
    // The page of the studio is a bundle for browsers, as small as can be.
    const compiled = packed.filter((path) => /^dist\/(?!studio\/page\/).*\.js$/.test(path));
    assert.ok(compiled.length > 50);
    for (const path of compiled) {
      const map = join(installed, `${path}.map`);
      assert.match(readFileSync(join(installed, path), 'utf8'), /sourceMappingURL=/);
      const { sources, sourcesContent } = JSON.parse(readFileSync(map, 'utf8'));
      assert.equal(sourcesContent?.length, sources.length, `${path}.map points to ${sources}`);
    }
  });
});

describe('a machine without compilers', () => {
  test('has none on PATH', () => {
    const all = ['node', 'npm', ...COMPILERS].join(' ');
    const { stdout } = machine.run('sh', ['-c', `for name in ${all}; do command -v $name; done`]);
    const found = stdout
      .trim()
      .split('\n')
      .map((path) => basename(path));
    assert.deepEqual(found, ['node', 'npm']);
  });

  test('has the package installed without a script, and nothing was built', () => {
    const { scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    for (const name of ['preinstall', 'install', 'postinstall'])
      assert.equal(scripts[name], undefined);
    assert.ok(!existsSync(join(installed, 'build')));
    assert.ok(!existsSync(join(installed, 'binding.gyp')));
  });

  test('doctor takes the prebuilt addon and finds no compiler', () => {
    const { status, json } = fewsound(['doctor']);
    assert.deepEqual({ status, usable: json.usable }, { status: 0, usable: true });
    const found = Object.fromEntries(json.checks.map((check) => [check.name, check]));
    assert.equal(found.Addon.state, 'ok');
    assert.ok(
      found.Addon.found.startsWith(join(installed, 'prebuilds', platform, 'fewsound.node')),
    );
    for (const tool of ['C++ compiler', 'CMake', 'Ninja']) {
      assert.equal(found[tool].found, 'not found', tool);
    }
  });

  test('ES modules and CommonJS get the same package', () => {
    const program = `
      import { createRequire } from 'node:module';
      import { KAN, scope, tensor, writeWav } from 'fewsound';
      import { ones, Tensor } from 'fewsound/tensor';
      const require = createRequire(process.cwd() + '/');
      const required = require('fewsound');
      const wave = Float32Array.from({ length: 8000 }, (_, i) => 0.6 * Math.sin(i / 9) * Math.cos(i / 700));
      await writeWav('tone.wav', { samples: wave, sampleRate: 8000 });
      console.log(JSON.stringify({
        same: required.KAN === KAN && require('fewsound/tensor').Tensor === required.Tensor,
        ofTensor: scope(() => ones([1]) instanceof Tensor && ones([1]) instanceof required.Tensor),
        sum: scope(() => tensor([1, 2, 3]).mul(2).sum().item()),
        parameters: new KAN({ order: 2 }).parameterCount,
      }));`;
    const said = output('node', ['--input-type=module', '--eval', program], withTorch);
    assert.deepEqual(JSON.parse(said), { same: true, ofTensor: true, sum: 12, parameters: 33_768 });

    const inCommonJs = "console.log(new (require('fewsound').KAN)({ order: 2 }).parameterCount)";
    assert.equal(output('node', ['--eval', inCommonJs], withTorch).trim(), '33768');
  });

  test('work goes to worker threads, from ES modules and from CommonJS', () => {
    const work = `
      let threads = 0;
      process.on('worker', () => { threads += 1; });
      const rows = Array.from({ length: 40 }, (_, i) => [i % 2 + Math.sin(i), i % 3]);
      const labels = rows.map((_, i) => i % 2);
      crossValidateSvm(rows, labels, ['even', 'odd'], { folds: 4, workers: 2 })
        .then(({ predicted }) => console.log(threads, predicted.length));`;
    const imported = `import { crossValidateSvm } from 'fewsound/analysis';${work}`;
    assert.equal(output('node', ['--input-type=module', '--eval', imported]).trim(), '2 40');
    const required = `const { crossValidateSvm } = require('fewsound/analysis');${work}`;
    assert.equal(output('node', ['--eval', required]).trim(), '2 40');
  });

  test('a KAN learns a recording, and its model renders', () => {
    const { status, json } = fit('learnt', 60);
    assert.equal(status, 0);
    assert.deepEqual([json.model, json.steps], ['kan', 60]);
    const losses = readFileSync(join(machine.project, 'learnt', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).loss);
    assert.equal(losses.length, 60);
    assert.ok(losses[59] < 0.7 * losses[0], `from ${losses[0]} to ${losses[59]}`);

    const model = join('learnt', 'model.safetensors');
    const render = fewsound(['render', model, '--out', 'again.wav', '--sample-rate', '16000']);
    assert.equal(render.status, 0);
    const wav = readFileSync(join(machine.project, 'again.wav'));
    assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
    assert.equal(wav.readUInt32LE(24), 16_000);
    assert.ok(wav.length > 2 * 4096 * 2, `${wav.length} bytes for half a second at 16 kHz`);
  });

  test('every variant of the KAN kernel that this processor has gives the same loss', () => {
    const program = `
      const { createClip, fit, KAN } = require('fewsound');
      const clip = createClip(Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i / 9)), 8000);
      const kan = new KAN({ order: 2, seed: 1 });
      fit(kan, clip, { steps: 3, threads: 1 }).then(({ loss }) => console.log(loss));`;
    const losses = ['plain', 'avx2', 'avx512'].map((variant) =>
      Number(output('node', ['--eval', program], { ...withTorch, FEWSOUND_CPU: variant })),
    );
    for (const loss of losses) {
      assert.ok(Math.abs(loss - losses[0]) < 1e-4 * losses[0], losses.join(' '));
    }
  });
});

describe('LibTorch is found', () => {
  const source = (environment) => fewsound(['doctor'], environment).json.libtorch.chosen?.source;

  test('through LIBTORCH', () => {
    assert.equal(source(withTorch), 'LIBTORCH');
  });

  test('through FEWSOUND_PYTHON', { skip: withoutPython }, () => {
    assert.equal(source({ FEWSOUND_PYTHON: python }), 'FEWSOUND_PYTHON');
  });

  test('where fewsound setup put it', {
    skip: torch.source !== 'fewsound setup' && 'no such copy is in use',
  }, () => {
    const cache = torch.path.slice(0, torch.path.indexOf('/fewsound/libtorch-'));
    assert.equal(source({ XDG_CACHE_HOME: cache }), 'fewsound setup');
  });

  test('through python3', { skip: withoutPython }, () => {
    machine.program('python3', python);
    assert.equal(source({}), 'python3');
  });
});

describe('a core is chosen by the version of LibTorch', () => {
  const other = SUPPORTED_LIBTORCH.find((minor) => minor !== minorVersion(torch.version));

  /** A folder that says it is that LibTorch; there is no library in it that could be opened. */
  function pretended(version) {
    const folder = join(machine.project, `torch-${version}`);
    mkdirSync(join(folder, 'lib'), { recursive: true });
    writeFileSync(join(folder, 'lib', 'libtorch_cpu.so'), '');
    writeFileSync(join(folder, 'build-version'), version);
    return folder;
  }

  test('which doctor names', () => {
    const { checks } = fewsound(['doctor']).json;
    const { found } = checks.find(({ name }) => name === 'Addon');
    const folder = dirname(join(installed, 'prebuilds', platform, core));
    assert.ok(found.includes(`core for LibTorch ${minorVersion(torch.version)} in ${folder}`));
  });

  test('and there is an error that names those that work, for another', () => {
    for (const version of [`${other}.0`, '2.99.0']) {
      const { status, json } = fit('never', 1, { LIBTORCH: pretended(version) });
      assert.equal(status, 1);
      assert.equal(json.error.code, 'LIBTORCH_VERSION');
      assert.ok(json.error.message.includes(`works with ${minorVersion(torch.version)}.`));
      // How to build is said for one that the sources know.
      assert.equal(/build-native\.mjs/.test(json.error.message), version !== '2.99.0');
    }
  });

  test('and the one that there is a core for is taken behind another that was found first', {
    skip: torch.source !== 'fewsound setup' && 'no copy of fewsound setup is in use',
  }, () => {
    const cache = torch.path.slice(0, torch.path.indexOf('/fewsound/libtorch-'));
    const elsewhere = join(machine.project, 'site-packages');
    cpSync(pretended(`${other}.0`), join(elsewhere, 'torch'), { recursive: true });
    writeFileSync(join(elsewhere, 'torch', '__init__.py'), '');
    const environment = { XDG_CACHE_HOME: cache, PYTHONPATH: elsewhere };
    const { chosen, candidates } = fewsound(['doctor'], environment).json.libtorch;
    assert.deepEqual(
      candidates.map(({ source, usable }) => [source, usable]),
      [
        ['python3', false],
        ['fewsound setup', true],
      ],
    );
    assert.equal(chosen.path, torch.path);
    assert.equal(fit('behind', 1, environment).status, 0);
  });

  test('and one that was built is taken for its version alone', () => {
    const release = join(installed, 'build', 'Release');
    const packedAddon = join(installed, 'prebuilds', platform);
    mkdirSync(join(release, `torch-${other}`), { recursive: true });
    cpSync(join(packedAddon, 'fewsound.node'), join(release, 'fewsound.node'));
    writeFileSync(join(release, `torch-${other}`, 'fewsound_core.so'), '');
    try {
      const cores = findCores(join(release, 'fewsound.node'), installed);
      assert.deepEqual(
        cores.map(({ libTorch }) => libTorch),
        [minorVersion(torch.version), other].sort(),
      );
      const { status, json } = fewsound(['doctor']);
      assert.equal(status, 0);
      const { found } = json.checks.find(({ name }) => name === 'Addon');
      assert.ok(found.startsWith(join(release, 'fewsound.node')));
      assert.ok(found.includes(join(packedAddon, dirname(core))));
      assert.ok(found.endsWith(`others for ${other}`));
    } finally {
      rmSync(join(installed, 'build'), { recursive: true });
    }
  });
});

describe('what is missing is said', () => {
  const nowhere = { LIBTORCH: '/nowhere' };

  test('by doctor and fit, where there is no core at all', () => {
    const folder = dirname(join(installed, 'prebuilds', platform, core));
    renameSync(folder, `${folder}-away`);
    try {
      const { status, json } = fit('never', 1);
      assert.deepEqual([status, json.error.code], [1, 'ADDON_NOT_FOUND']);
      assert.match(json.error.message, /no core for any version.*build-native\.mjs/s);
      const { checks, usable } = fewsound(['doctor']).json;
      assert.equal(usable, false);
      assert.equal(checks.find(({ name }) => name === 'Addon').state, 'problem');
    } finally {
      renameSync(`${folder}-away`, folder);
    }
  });

  test('by doctor, where LIBTORCH leads nowhere', () => {
    const { status, json } = fewsound(['doctor'], nowhere);
    assert.deepEqual({ status, usable: json.usable }, { status: 1, usable: false });
    assert.match(json.libtorch.candidates[0].reason, /\/nowhere holds no lib\/libtorch_cpu\.so/);
  });

  test('by fit, where LIBTORCH leads nowhere', () => {
    const { status, json } = fit('never', 1, nowhere);
    assert.equal(status, 1);
    assert.equal(json.error.code, 'LIBTORCH_NOT_FOUND');
    assert.match(json.error.message, /LIBTORCH .*fewsound setup/s);
    assert.ok(!existsSync(join(machine.project, 'never')));
  });

  test('by the import, only when it is used', () => {
    const program = `import { tensor } from 'fewsound';
      try { tensor([1]); } catch (error) { console.log(error.code); }`;
    const said = output('node', ['--input-type=module', '--eval', program], nowhere);
    assert.equal(said.trim(), 'LIBTORCH_NOT_FOUND');
  });

  test('by doctor, where no binary fits the platform: how to build one', () => {
    // node-gyp-build asks npm's variable first.
    const { status, json } = fewsound(['doctor'], { ...withTorch, npm_config_arch: 'riscv64' });
    assert.equal(status, 1);
    const { state, remedy } = json.checks.find(({ name }) => name === 'Addon');
    assert.equal(state, 'problem');
    assert.match(remedy, /npm explore fewsound -- node scripts\/build-native\.mjs/);
  });
});
