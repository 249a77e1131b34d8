import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { buildProgram } from '../../lib/cli/program';
import { codeBlocks } from '../docs/code-blocks';
import { cli } from './run-cli';

const streams = { stdout: new PassThrough(), stderr: new PassThrough() };

/** Every command by its words, those that only have commands among them. */
async function allCommands(): Promise<string[][]> {
  const program = await buildProgram(['completion'], async () => {}, streams);
  const visit = (command: Command, path: string[]): string[][] => [
    path,
    ...command.commands.flatMap((each) => visit(each, [...path, each.name()])),
  ];
  return visit(program, []);
}

/** Reads a call as the program does, and does nothing; the words of the command that it calls. */
async function called(argv: readonly string[]): Promise<string | undefined> {
  let name: string | undefined;
  const program = await buildProgram(
    argv,
    async (command) => {
      const group = command.parent === program ? '' : `${command.parent?.name()} `;
      name = group + command.name();
    },
    streams,
  );
  await program.parseAsync([...argv], { from: 'user' });
  return name;
}

/** The words of a call, without what a shell does with its output. */
const words = (call: string) => call.replace(/\s+[>|#].*$/, '').split(/\s+/);

it('the help of every command has two examples or more, which are calls of it', async () => {
  const commands = await allCommands();
  expect(commands.length).toBeGreaterThan(20);
  for (const path of commands) {
    const { status, stdout } = await cli([...path, '--help']);
    expect(status).toBe(0);
    const [, text = ''] = /^Examples:\n((?: {2}fewsound.*\n)+)/m.exec(stdout) ?? [];
    const examples = text.trimEnd().split('\n');
    expect({ path, examples: examples.length >= 2 }).toEqual({ path, examples: true });
    for (const example of examples) {
      const [program, ...argv] = words(example.trim());
      expect(program).toBe('fewsound');
      expect(await called(argv)).toMatch(new RegExp(`^${path.join(' ')}`));
    }
  }
});

// One command in one line, as they stand in blocks of a shell and in tables.
const calls = codeBlocks('sh').flatMap(({ place, code }) =>
  [...code.matchAll(/^(?:npx )?(?:[A-Z_]+=\S+ )*fewsound (.*)$/gm)]
    .map(([, call = '']) => ({ place, call }))
    .filter(({ call }) => !/\\$|[A-Z]+…|\.\.\.|\$/.test(call)),
);

it('the calls in the documents are read without a mistake', async () => {
  expect(calls.length).toBeGreaterThan(40);
  const mistakes: string[] = [];
  for (const { place, call } of calls) {
    await called(words(call)).catch((error: Error) => {
      mistakes.push(`${place}: fewsound ${call}: ${error.message}`);
    });
  }
  expect(mistakes).toEqual([]);
});
