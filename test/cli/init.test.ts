import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../nn/temporary-folder';
import { type CliError, cli, cliJson } from './run-cli';

const file = temporaryFolder();
const root = join(__dirname, '..', '..');

it('writes a project that compiles and runs', async () => {
  const folder = file('My Sounds');
  const { status, stdout } = await cli(['init', folder]);
  expect(status).toBe(0);
  expect(stdout).toContain('npm install');
  const project = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(project).toMatchObject({ name: 'my-sounds', dependencies: { fewsound: `^${version}` } });

  // In place of npm install: the packages that it names, from here.
  const names = Object.keys({ ...project.dependencies, ...project.devDependencies });
  for (const name of names) {
    const place = join(folder, 'node_modules', name);
    mkdirSync(join(place, '..'), { recursive: true });
    symlinkSync(name === 'fewsound' ? root : join(root, 'node_modules', name), place);
  }
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
    return stdout;
  };
  const [compile, start] = project.scripts.start.split(' && ');
  expect(compile).toBe('tsc');
  run(join('node_modules', 'typescript', 'bin', 'tsc'));
  expect(start).toBe('node dist/main.js');
  writeFileSync(
    join(folder, 'sound.wav'),
    readFileSync(join(root, 'node_modules', 'audio-lena', 'lena.wav')),
  );
  expect(run('dist/main.js', 'sound.wav', '2')).toContain('hold 32768 samples');
  for (const name of ['rendered.wav', 'network.safetensors']) {
    expect(existsSync(join(folder, name))).toBe(true);
  }
});

it('refuses a folder that holds something, and writes nothing', async () => {
  const folder = file('taken');
  mkdirSync(folder);
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const { status, json } = await cliJson<CliError>(['init', folder]);
  expect(status).toBe(1);
  expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'folder' });
  expect(json.error.message).toContain('notes.txt');
  expect(existsSync(join(folder, 'package.json'))).toBe(false);
});

it('takes a fresh repository for empty', async () => {
  mkdirSync(file('fresh/.git'), { recursive: true });
  expect((await cli(['init', file('fresh')])).status).toBe(0);
});

it('refuses a file', async () => {
  writeFileSync(file('file'), '');
  const { status, json } = await cliJson<CliError>(['init', file('file')]);
  expect(status).toBe(1);
  expect(json.error.code).toBe('IO');
});
