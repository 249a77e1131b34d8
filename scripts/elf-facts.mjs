// What a built binary asks of the machine that opens it and what it would tell of the one that
// built it, by binutils.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StepError } from './steps.mjs';

function binutil(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 2 ** 30,
  });
  if (error) throw new StepError(`${program}: ${error.message}`);
  if (status !== 0) throw new StepError(stderr);
  return stdout;
}

/**
 * The newest version of each family of symbols (GLIBC, GLIBCXX, …) that must be there, by family.
 */
function symbolVersions(file) {
  const [, needs = ''] = binutil('readelf', '--version-info', '--wide', file).split(
    /^Version needs section/m,
  );
  const newest = {};
  for (const [, family, version] of needs.matchAll(/Name: ([A-Z]+)_([\d.]+)/g)) {
    const known = newest[family] ?? version;
    newest[family] = version.localeCompare(known, 'en', { numeric: true }) > 0 ? version : known;
  }
  return newest;
}

/** Vector registers that the code of an x64 binary names: `zmm` is AVX-512, `ymm` AVX2. */
export function vectorRegisters(file) {
  const code = binutil('objdump', '--disassemble', '--no-show-raw-insn', file);
  return ['zmm', 'ymm'].filter((register) => code.includes(`%${register}`));
}

/**
 * @param file path of a shared object
 * @param foreignFolders folders of the building machine, which it must not name
 */
export function elfFacts(file, foreignFolders) {
  const dynamic = binutil('readelf', '--dynamic', '--wide', file);
  const sections = binutil('readelf', '--section-headers', '--wide', file);
  const bytes = readFileSync(file);
  return {
    bytes: bytes.length,
    needed: [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name),
    runPaths: [...dynamic.matchAll(/\((?:RPATH|RUNPATH)\).*\[(.*)\]/g)].map(([, path]) => path),
    stripped: !/ \.(symtab|debug_\w+) /.test(sections),
    foreignFolders: foreignFolders.filter((folder) => bytes.includes(`${folder}/`)),
    symbolVersions: symbolVersions(file),
  };
}
