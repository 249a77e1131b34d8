import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locateAddon } from '../../lib/addon/addon';
import { FakeMachine } from './fake-libtorch';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.create();
});
afterEach(() => machine.remove());

function compile(...args: string[]): void {
  const { status, stderr } = spawnSync(process.env.CXX ?? 'c++', ['-shared', '-o', ...args], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

/**
 * A folder that says it is a LibTorch that there is a core for, whose library needs one that is not
 * there.
 */
async function brokenTorch(cuda: string | null): Promise<string> {
  const [core] = locateAddon().cores;
  const torch = await machine.torch('broken', `${core?.libTorch}.0`, cuda);
  const source = join(machine.folder, 'nothing.cc');
  await writeFile(source, '');
  const missing = join(machine.folder, 'libcudart.so.99');
  compile(missing, '-Wl,-soname,libcudart.so.99', source);
  compile(join(torch, 'lib', 'libc10.so'), '-Wl,--no-as-needed', source, missing);
  await rm(missing);
  return torch;
}

function remedy(torch: string): string | undefined {
  const doctor = [join(__dirname, '..', '..', 'dist', 'cli', 'main.js'), 'doctor', '--json'];
  const { stdout } = spawnSync(process.execPath, doctor, {
    encoding: 'utf8',
    env: { ...process.env, LIBTORCH: torch },
  });
  const { checks } = JSON.parse(stdout) as { checks: { name: string; remedy?: string }[] };
  return checks.find(({ name }) => name === 'Addon')?.remedy;
}

test("a CUDA build without NVIDIA's packages is said to be without them", async () => {
  expect(remedy(await brokenTorch('13.0'))).toMatch(/libcudart\.so\.99 .* install torch again/);
});

test('a library that a CPU build misses is no matter of those', async () => {
  expect(remedy(await brokenTorch(null))).toMatch(/^(?!.*NVIDIA).*fewsound doctor/);
});
