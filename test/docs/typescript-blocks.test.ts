import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { loadClip, writeWav } from '../../lib/audio';
import { lena } from '../audio/lena';
import { type CodeBlock, codeBlocks, root } from './code-blocks';

/** What needs a corpus, a checkpoint or hours is compiled and not run, by a word in it. */
const COMPILED_ONLY = [
  /openCorpus/, // a prepared corpus
  /\.pth'/, // weights of others
  /loadHyperNetwork/, // a trained model
];

/** Trainings are cut short. */
const SHORTER: readonly [RegExp, string][] = [
  [/steps: [\d_]+/, 'steps: 2'],
  [/recipe: '\w+'/, '$&, steps: 2'],
];

const blocks = codeBlocks('ts');
const fileName = ({ place }: CodeBlock) => place.replace(/\W/g, '_');

// In the package's own folder, where `fewsound` is the package itself.
const programs = join(root, 'build', 'code-blocks');
let folder: string;

beforeAll(async () => {
  rmSync(programs, { recursive: true, force: true });
  mkdirSync(programs, { recursive: true });
  for (const block of blocks) writeFileSync(join(programs, `${fileName(block)}.ts`), block.code);
  folder = mkdtempSync(join(tmpdir(), 'fewsound-docs-'));
  writeFileSync(join(folder, 'speech.flac'), await lena('flac'));
  const clip = await loadClip(await lena('wav'), { samples: 88_200 });
  for (const name of ['original', 'reconstruction'])
    await writeWav(join(folder, `${name}.wav`), clip);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(programs, { recursive: true, force: true });
});

it('there are some', () => {
  expect(blocks.length).toBeGreaterThan(8);
});

it('all compile', () => {
  // As a project that has installed the package.
  const program = ts.createProgram(
    blocks.map((block) => join(programs, `${fileName(block)}.ts`)),
    {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      moduleDetection: ts.ModuleDetectionKind.Force,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      types: ['node'],
      skipLibCheck: true,
      noEmit: true,
    },
  );
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
    return `${file?.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  expect(problems).toEqual([]);
});

const run = blocks.filter(({ code }) => !COMPILED_ONLY.some((word) => word.test(code)));

it.each(run)('$place runs', ({ place, code }) => {
  const shorter = SHORTER.reduce((text, [long, short]) => text.replace(long, short), code);
  const { outputText } = ts.transpileModule(shorter, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const program = join(programs, `${fileName({ place, code })}.mjs`);
  writeFileSync(program, outputText);
  const { status, stderr } = spawnSync(process.execPath, [program], {
    cwd: folder,
    encoding: 'utf8',
  });
  // What a metric needs may not be set up here; that is said in so many words.
  if (stderr.includes('NOT_SET_UP')) return;
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
});
