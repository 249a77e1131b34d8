import { dirname } from 'node:path';
import { addon, addonOrigin, locateAddon, searchLibTorch } from '../../addon/addon.js';
import { FewSoundError } from '../../errors.js';
import { metrics } from '../../metrics/registry.js';
import type { LibTorchSearch } from '../../setup/libtorch.js';
import { cudaGraphsUnavailable, cudaUnavailable } from '../../tensor/device.js';
import { defineCommand, stylist } from '../command.js';
import { findTool, nvidiaDriver, packageVersion, processor } from '../machine.js';

/** The state of one thing. */
interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly found: string;
  /** How to fix it. */
  readonly remedy?: string;
}

const SYMBOLS = { ok: ['green', '✓'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const;

export const doctor = defineCommand({
  description:
    'Checks what fewsound needs on this machine: Node.js, LibTorch and why that one, the addon, the GPU, and the tools to build. Says what to do where something is missing.',
  examples: ['fewsound doctor', 'fewsound doctor --json'],
  inputs: {},
  // Works where LibTorch or the addon is missing.
  async run(_, { stdout }) {
    const search = searchLibTorch();
    const addonCheck = checkAddon(search);
    const checks = [
      checkNode(),
      checkPlatform(),
      checkProcessor(),
      checkLibTorch(search),
      addonCheck,
      checkCuda(search, addonCheck),
      ...checkPerceptual(),
      ...checkTools(),
    ];
    const usable = checks.every(({ state }) => state !== 'problem');
    return {
      json: { usable, fewsound: packageVersion(), checks, libtorch: search },
      text: describe(checks, search, usable, stylist(stdout)),
      status: usable ? 0 : 1,
    };
  },
});

function checkNode(): Check {
  const found = process.versions.node;
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 17);
  return enough
    ? { name: 'Node.js', state: 'ok', found }
    : { name: 'Node.js', state: 'problem', found, remedy: 'install Node.js 20.17 or newer' };
}

function checkPlatform(): Check {
  const found = `${process.platform} ${process.arch}`;
  return process.platform === 'linux'
    ? { name: 'Platform', state: 'ok', found }
    : { name: 'Platform', state: 'problem', found, remedy: 'fewsound runs on Linux' };
}

function checkProcessor(): Check {
  const { name, threads, instructions } = processor();
  const vectors =
    instructions.length > 0 ? instructions.join(', ') : 'no vector instructions that fewsound uses';
  const found = `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${vectors}`;
  return instructions.length > 0
    ? { name: 'CPU', state: 'ok', found }
    : {
        name: 'CPU',
        state: 'warning',
        found,
        remedy: 'everything works, but slower',
      };
}

function checkLibTorch({ chosen, versions }: LibTorchSearch): Check {
  if (chosen) {
    return {
      name: 'LibTorch',
      state: 'ok',
      found: `${chosen.version} in ${chosen.path}, found through ${chosen.source}`,
    };
  }
  return {
    name: 'LibTorch',
    state: 'problem',
    found: 'none that can be used',
    remedy: `run \`fewsound setup\`, or set LIBTORCH to the folder of LibTorch ${versions.join(', ')}`,
  };
}

function checkAddon({ chosen }: LibTorchSearch): Check {
  const name = 'Addon';
  try {
    const { path, cores } = locateAddon();
    if (!chosen && cores.length > 0) {
      const found = `${path}, for LibTorch ${cores.map(({ libTorch }) => libTorch).join(', ')}`;
      return { name, state: 'warning', found, remedy: 'cannot be loaded without LibTorch' };
    }
    const { core } = addonOrigin();
    const others = cores.filter(({ libTorch }) => libTorch !== core.libTorch);
    const besides =
      others.length > 0 ? `, others for ${others.map(({ libTorch }) => libTorch).join(', ')}` : '';
    const found = `${path}; core for LibTorch ${core.libTorch} in ${dirname(core.path)}${besides}`;
    return { name, state: 'ok', found };
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
    const [found = '', ...remedy] = error.message.split(/(?<=\.) /);
    return { name, state: 'problem', found, remedy: remedy.join(' ') };
  }
}

function checkCuda({ chosen }: LibTorchSearch, addonCheck: Check): Check {
  const name = 'CUDA';
  const driver = nvidiaDriver();
  if (!driver) return { name, state: 'ok', found: 'no NVIDIA driver: computes on the CPU' };
  if (!chosen || addonCheck.state !== 'ok') return { name, state: 'ok', found: `driver ${driver}` };
  if (chosen.cuda === null) {
    return {
      name,
      state: 'warning',
      found: `driver ${driver}, but LibTorch is a CPU build`,
      remedy: 'for the GPU, set LIBTORCH or FEWSOUND_PYTHON to a CUDA build',
    };
  }
  const found = `driver ${driver}, LibTorch for CUDA ${chosen.cuda}`;
  const reason = cudaUnavailable();
  if (reason !== null) {
    return { name, state: 'warning', found, remedy: `the GPU cannot be used: ${reason}` };
  }
  const graphs = cudaGraphsUnavailable();
  const nccl = addon().ncclUnavailable;
  const uses = [
    graphs === null
      ? 'training steps as CUDA graphs'
      : `training steps without CUDA graphs (${graphs})`,
    nccl === null ? 'several processes over NCCL' : `several processes over Gloo (${nccl})`,
  ];
  return { name, state: 'ok', found: [found, ...uses].join(', ') };
}

function checkPerceptual(): Check[] {
  return metrics.flatMap(({ title: name, needs }): Check[] => {
    if (needs?.setup === undefined) return [];
    if (needs.setup.isDone()) return [{ name, state: 'ok', found: 'set up' }];
    const remedy = `for that metric, run \`fewsound setup ${needs.setup.name}\``;
    return [{ name, state: 'warning', found: 'not set up', remedy }];
  });
}

function checkTools(): Check[] {
  const tools = [
    {
      name: 'Python',
      programs: [process.env.FEWSOUND_PYTHON || 'python3'],
      use: 'needed by `fewsound setup`',
    },
    {
      name: 'C++ compiler',
      programs: [process.env.CXX || 'c++', 'g++', 'clang++'],
      use: 'needed to build the addon from source',
    },
    { name: 'CMake', programs: ['cmake'], use: 'needed to build the addon from source' },
    { name: 'Ninja', programs: ['ninja'], use: 'needed to build the addon from source' },
  ];
  return tools.map(({ name, programs, use }): Check => {
    const tool = findTool(...programs);
    return tool
      ? { name, state: 'ok', found: tool.version }
      : { name, state: 'warning', found: 'not found', remedy: use };
  });
}

function describe(
  checks: readonly Check[],
  { candidates }: LibTorchSearch,
  usable: boolean,
  style: ReturnType<typeof stylist>,
): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, found, remedy }) => {
    const [color, symbol] = SYMBOLS[state];
    const first = `${style(color, symbol)} ${name.padEnd(width)}  ${found}`;
    const places =
      name === 'LibTorch' ? candidates.map(({ source, reason }) => `${source}: ${reason}`) : [];
    const further = [...places, ...(remedy === undefined ? [] : [`→ ${remedy}`])];
    return [first, ...further.map((line) => `  ${' '.repeat(width)}  ${style('dim', line)}`)];
  });
  const verdict = usable
    ? 'fewsound can be used.'
    : 'fewsound cannot be used yet: see the arrows above.';
  return [`fewsound ${packageVersion()}`, '', ...lines, '', style('bold', verdict)].join('\n');
}
