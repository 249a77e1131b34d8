import { Argument, Command, CommanderError, Option } from 'commander';
import {
  type CommandContext,
  type CommandStreams,
  type Definition,
  type Examples,
  type Inputs,
  reportFailure,
  toJsonLine,
  UsageError,
} from './command.js';

/** A command in the table: what `fewsound --help` says of it, and its file. */
interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Definition<Inputs>>;
  /** Its work looks at all commands: they are loaded with it. */
  readonly knowsAll?: boolean;
}

/** A command that only has commands. */
interface Group {
  readonly summary: string;
  readonly description: string;
  readonly examples: Examples;
  readonly commands: Table<Entry>;
}

type Table<Row> = Readonly<Record<string, Row>>;

const ANALYSES: Table<Entry> = {
  spectra: {
    summary: 'how the first layer responds to recordings, over time and frequency',
    load: async () => (await import('./commands/analyze/spectra.js')).spectra,
  },
  geometry: {
    summary: 'how the atoms of the layers lie: bounds, angles, coherence',
    load: async () => (await import('./commands/analyze/geometry.js')).geometry,
  },
  wigner: {
    summary: 'where filters have their energy over time and frequency',
    load: async () => (await import('./commands/analyze/wigner.js')).wigner,
  },
  classify: {
    summary: 'how well classes are told apart by the responses of the first layer',
    load: async () => (await import('./commands/analyze/classify.js')).classify,
  },
};

const COMMANDS: Table<Entry | Group> = {
  fit: {
    summary: 'fit a network to a recording',
    load: async () => (await import('./commands/fit.js')).fitCommand,
  },
  compare: {
    summary: 'fit several networks to one recording, or to many, and compare them',
    load: async () => (await import('./commands/compare.js')).compare,
  },
  reproduce: {
    summary: 'run a table of the papers and compare',
    load: async () => (await import('./commands/reproduce.js')).reproduce,
  },
  studio: {
    summary: 'open a page where networks learn sounds, to watch and to listen',
    load: async () => (await import('./commands/studio.js')).studio,
  },
  render: {
    summary: 'turn a saved network into sound',
    load: async () => (await import('./commands/render.js')).render,
  },
  metrics: {
    summary: 'measure how far a recording is from its original',
    load: async () => (await import('./commands/metrics.js')).metrics,
  },
  prepare: {
    summary: 'prepare a corpus for training',
    load: async () => (await import('./commands/prepare.js')).prepare,
  },
  train: {
    summary: 'train a model that writes networks on a prepared corpus',
    load: async () => (await import('./commands/train.js')).trainCommand,
  },
  'train-classifier': {
    summary: 'train a CNN that tells recordings apart by their waveform',
    load: async () => (await import('./commands/train-classifier.js')).trainClassifierCommand,
  },
  evaluate: {
    summary: 'measure trained models on a prepared corpus',
    load: async () => (await import('./commands/evaluate.js')).evaluateCommand,
  },
  encode: {
    summary: 'turn a recording into networks, with a trained model',
    load: async () => (await import('./commands/encode.js')).encode,
  },
  decode: {
    summary: 'turn encoded networks back into sound',
    load: async () => (await import('./commands/render.js')).decode,
  },
  analyze: {
    summary: 'look inside a model: response spectra, geometry of layers, filters',
    description:
      'Looks inside a model: how its first layer responds to recordings (spectra), how the atoms of its layers lie (geometry), where its filters have their energy (wigner), how well its responses tell classes apart (classify).',
    examples: [
      'fewsound analyze spectra model.pth speech.wav --sample-rate 16000 --out spectra',
      'fewsound analyze geometry model.pth --layer-table',
    ],
    commands: ANALYSES,
  },
  convert: {
    summary: 'turn a PyTorch checkpoint into safetensors',
    load: async () => (await import('./commands/convert.js')).convert,
  },
  doctor: {
    summary: 'check the installation',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  setup: {
    summary: 'install LibTorch, PESQ or CDPAM for fewsound',
    load: async () => (await import('./commands/setup.js')).setup,
  },
  init: {
    summary: 'write a small TypeScript project that runs',
    load: async () => (await import('./commands/init.js')).init,
  },
  completion: {
    summary: 'print what makes a shell complete commands and options',
    load: async () => (await import('./commands/completion.js')).completion,
    knowsAll: true,
  },
};

const EXAMPLES: Examples = [
  'fewsound fit speech.flac',
  'fewsound render fewsound-out/speech-kan/model.safetensors --out speech.wav',
];

/** Where a run of the command line writes, and what stops it. */
export interface CliSurroundings extends CommandStreams {
  readonly signal?: AbortSignal;
  readonly watch?: CommandContext['watch'];
}

/** Runs a command and prints its result. */
type Execute = (command: Command, definition: Definition<Inputs>) => Promise<void>;

/**
 * The `fewsound` command in this process.
 *
 * @param argv arguments after the program's name
 * @returns exit status: 0; 1 for a failure; 2 for a mistake in the call; 130 when interrupted
 */
export async function runCli(
  argv: readonly string[],
  { stdout, stderr, signal = new AbortController().signal, watch }: CliSurroundings,
): Promise<number> {
  // Known before the arguments are parsed, so that an error in them is JSON as well.
  const json = argv.includes('--json');
  let status = 0;

  const execute: Execute = async (command, definition) => {
    const { quiet = false } = command.opts<{ quiet?: boolean }>();
    const context: CommandContext = {
      ...{ stdout, stderr, signal, json, quiet, watch },
      runCommand: runCli,
    };
    const result = await definition.run(valuesOf(command, definition), context, command);
    if ('text' in result) stdout.write(json ? toJsonLine(result.json) : `${result.text}\n`);
    status = result.status ?? 0;
  };

  try {
    if (argv[0] === '--version' || argv[0] === '-V') {
      const { describeVersions } = await import('./machine.js');
      const result = describeVersions();
      stdout.write(json ? toJsonLine(result.json) : `${result.text}\n`);
      return 0;
    }
    const program = await buildProgram(argv, execute, { stdout, stderr });
    if (argv.length === 0) {
      stderr.write(program.helpInformation());
      return 2;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    // Help ends as an exception too.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure =
      error instanceof CommanderError
        ? new UsageError(error.message.replace(/^error: /, ''))
        : error;
    return reportFailure(failure, { stdout, stderr, json });
  }
}

/** The program with the commands that the arguments call, or that those look at. */
export async function buildProgram(
  argv: readonly string[],
  execute: Execute,
  { stdout }: CommandStreams,
): Promise<Command> {
  const program = new Command('fewsound')
    .description('Neural representations of sound: networks that learn a recording.')
    .option('-V, --version', 'versions of fewsound, LibTorch and Node.js')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // Errors are reported in one place, for people or as JSON.
      writeErr: () => {},
      getOutHelpWidth: () =>
        Math.min(110, Math.max(70, (stdout as { columns?: number }).columns ?? 100)),
    })
    .helpCommand('help [command]', 'help for a command')
    .addHelpText('after', examplesText(EXAMPLES))
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n`fewsound help COMMAND` shows all options of a command.',
    );
  // No option of the program takes a value: the first words that are no options name the command.
  const words = argv.filter((word) => word !== 'help' && !word.startsWith('-'));
  const [word = ''] = words;
  const called = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  const all = called !== undefined && 'knowsAll' in called;
  await addCommands(program, COMMANDS, all ? 'all' : words, execute);
  return program;
}

function examplesText(examples: Examples): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`;
}

/**
 * Adds the commands of a table, that which is called, or all, with what its file declares.
 *
 * @param words that name commands
 */
async function addCommands(
  parent: Command,
  table: Table<Entry | Group>,
  words: readonly string[] | 'all',
  execute: Execute,
): Promise<void> {
  const [called, further] = words === 'all' ? [undefined, words] : [words[0], words.slice(1)];
  for (const [name, row] of Object.entries(table)) {
    const command = parent.command(name).summary(row.summary).copyInheritedSettings(parent);
    if ('commands' in row) {
      command
        .description(row.description)
        .helpCommand('help [command]', 'help for a command')
        .allowExcessArguments()
        .addHelpText('after', examplesText(row.examples))
        .action(() => refuse(command, Object.keys(row.commands)));
      await addCommands(command, row.commands, further, execute);
    } else if (words === 'all' || name === called) {
      const definition = await row.load();
      declare(command, definition);
      command.action(() => execute(command, definition));
    }
    command.addOption(
      new Option('--json', 'print one JSON object on standard output and nothing else').helpGroup(
        'Options:',
      ),
    );
  }
}

function declare(
  command: Command,
  { description, usage, examples, inputs, addFlags }: Definition<Inputs>,
): void {
  command.description(description).addHelpText('after', examplesText(examples));
  if (usage !== undefined) command.usage(usage);
  for (const [name, input] of Object.entries(inputs)) {
    if (input instanceof Argument) {
      command.addArgument(input);
    } else {
      input.attributeName = () => name;
      command.addOption(input);
    }
  }
  addFlags?.(command);
}

function valuesOf(command: Command, { inputs }: Definition<Inputs>): Record<string, unknown> {
  const words = [...command.processedArgs];
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      input instanceof Argument ? words.shift() : command.getOptionValue(name),
    ]),
  );
}

function refuse(command: Command, names: readonly string[]): never {
  const [word] = command.args;
  const what = word === undefined ? 'a command is missing' : `there is no command '${word}'`;
  throw new UsageError(`${what}; expected fewsound ${command.name()} ${names.join('|')} MODEL`);
}
