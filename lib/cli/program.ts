import { Command, CommanderError, Option } from 'commander';
import {
  type CommandStreams,
  type Execute,
  reportFailure,
  toJsonLine,
  UsageError,
} from './command.js';
import { addAnalyzeCommand } from './commands/analyze/index.js';
import { addCompareCommand } from './commands/compare.js';
import { addConvertCommand } from './commands/convert.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addEncodeCommand } from './commands/encode.js';
import { addEvaluateCommand } from './commands/evaluate.js';
import { addFitCommand } from './commands/fit.js';
import { addMetricsCommand } from './commands/metrics.js';
import { addPrepareCommand } from './commands/prepare.js';
import { addDecodeCommand, addRenderCommand } from './commands/render.js';
import { addSetupCommand } from './commands/setup.js';
import { addTrainCommand } from './commands/train.js';
import { addTrainClassifierCommand } from './commands/train-classifier.js';

/** Where a run of the command line writes, and what stops it. */
export interface CliSurroundings extends CommandStreams {
  readonly signal?: AbortSignal;
}

/**
 * The `fewsound` command in this process.
 *
 * @param argv arguments after the program's name
 * @returns exit status: 0; 1 for a failure; 2 for a mistake in the call; 130 when it was interrupted
 */
export async function runCli(
  argv: readonly string[],
  surroundings: CliSurroundings,
): Promise<number> {
  const { stdout, stderr } = surroundings;
  const signal = surroundings.signal ?? new AbortController().signal;
  // Also known where the arguments cannot be understood: an error is JSON as well then.
  const json = argv.includes('--json');
  let status = 0;

  const execute: Execute = async (command, work) => {
    const { quiet = false } = command.opts<{ quiet?: boolean }>();
    const result = await work({ stdout, stderr, signal, json, quiet });
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
    const program = buildProgram(execute, surroundings);
    if (argv.length === 0) {
      stderr.write(program.helpInformation());
      return 2;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    // Help ends as an exception too.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = error instanceof CommanderError ? usageError(error) : error;
    return reportFailure(failure, { stdout, stderr, json });
  }
}

function usageError({ message }: CommanderError): UsageError {
  return new UsageError(message.replace(/^error: /, ''));
}

function buildProgram(execute: Execute, { stdout }: CommandStreams): Command {
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
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 failed, 2 called wrongly, 130 interrupted.\n`fewsound help COMMAND` shows all options of a command.',
    );
  for (const add of [
    addFitCommand,
    addCompareCommand,
    addRenderCommand,
    addMetricsCommand,
    addPrepareCommand,
    addTrainCommand,
    addTrainClassifierCommand,
    addEvaluateCommand,
    addEncodeCommand,
    addDecodeCommand,
    addAnalyzeCommand,
    addConvertCommand,
    addDoctorCommand,
    addSetupCommand,
  ]) {
    add(program, execute);
  }
  for (const command of program.commands.flatMap(withSubcommands)) {
    command.copyInheritedSettings(program);
    command.addOption(
      new Option('--json', 'print one JSON object on standard output and nothing else').helpGroup(
        'Options:',
      ),
    );
  }
  return program;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
