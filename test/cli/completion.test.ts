import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { temporaryFolder } from '../nn/temporary-folder';
import { cli, cliJson } from './run-cli';

const file = temporaryFolder();

async function script(shell: string): Promise<string> {
  const { status, stdout } = await cli(['completion', shell]);
  expect(status).toBe(0);
  const path = file(`fewsound.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

/** Runs a shell's own program; undefined where there is no such shell. */
function inShell(shell: string, args: readonly string[]): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(shell, args, {
    encoding: 'utf8',
    cwd: file('.'),
  });
  if (error) return undefined;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What a person sees who presses Tab behind the words. */
const questions: readonly [line: string, offered: readonly string[], others?: readonly string[]][] =
  [
    ['fewsound ', ['fit', 'analyze', 'completion', 'help']],
    ['fewsound tra', ['train', 'train-classifier'], ['fit']],
    ['fewsound fit --mo', ['--model']],
    ['fewsound fit --model ', ['kan', 'siren', 'wire'], ['--model', 'fit']],
    ['fewsound fit speech.flac --recipe q', ['quick'], ['best']],
    ['fewsound analyze ', ['spectra', 'geometry', 'wigner', 'classify'], ['fit']],
    ['fewsound analyze geometry --layer', ['--layer-table']],
    ['fewsound prepare l', ['librispeech', 'ljspeech'], ['vctk']],
    ['fewsound render --ou', ['--out']],
  ];

function expectOffers(offers: (line: string) => string[]): void {
  for (const [line, offered, others = []] of questions) {
    const words = offers(line);
    expect({ line, words }).toEqual({ line, words: expect.arrayContaining([...offered]) });
    for (const other of others) expect(words).not.toContain(other);
  }
}

const bashOffers = (path: string) => (line: string) => {
  const words = line.split(' ');
  const set = words.map((word) => `'${word}'`).join(' ');
  const text = `source ${path}; COMP_WORDS=(${set}); COMP_CWORD=${words.length - 1}; _fewsound; printf '%s\n' "\${COMPREPLY[@]}"`;
  return (inShell('bash', ['--norc', '-c', text]) ?? '').split('\n');
};

it('bash completes commands, flags and their values', async () => {
  expectOffers(bashOffers(await script('bash')));
});

it('bash leaves the names of files to itself', async () => {
  const offers = bashOffers(await script('bash'));
  expect(offers('fewsound fit spee')).toEqual(['', '']);
  expect(offers('fewsound fit --out ')).toEqual(['', '']);
});

it('fish completes the same (skipped where it is not)', async () => {
  const path = await script('fish');
  if (inShell('fish', ['--no-config', '-c', 'true']) === undefined) return;
  expectOffers((line) => {
    const text = `source ${path}; complete -C ${JSON.stringify(line)}`;
    const offered = inShell('fish', ['--no-config', '-c', text]) ?? '';
    return offered.split('\n').map((row) => row.split('\t')[0] as string);
  });
});

it('zsh reads its script (skipped where it is not)', async () => {
  const path = await script('zsh');
  if (inShell('zsh', ['-f', '-c', 'true']) === undefined) return;
  const text = `autoload -Uz compinit; compinit -u -d ${file('dump')}; source ${path}; print -r -- $_comps[fewsound] $+functions[_fewsound_analyze_spectra]`;
  expect(inShell('zsh', ['-f', '-c', text])).toBe('_fewsound 1\n');
});

it('a shell that it does not know is a mistake', async () => {
  const { status, json } = await cliJson<{ error: { message: string } }>(['completion', 'tcsh']);
  expect(status).toBe(2);
  expect(json.error.message).toContain('bash, zsh, fish');
});
