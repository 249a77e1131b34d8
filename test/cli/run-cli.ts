import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from '../../lib/cli/program';

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export async function cli(argv: readonly string[], signal?: AbortSignal): Promise<CliRun> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const [out, err] = [text(stdout), text(stderr)];
  const status = await runCli(argv, { stdout, stderr, ...(signal && { signal }) });
  stdout.end();
  stderr.end();
  return { status, stdout: await out, stderr: await err };
}

/** Runs a command with `--json` and reads its one object. */
export async function cliJson<T = Record<string, unknown>>(
  argv: readonly string[],
  signal?: AbortSignal,
): Promise<CliRun & { json: T }> {
  const run = await cli([...argv, '--json'], signal);
  return { ...run, json: JSON.parse(run.stdout) as T };
}

export interface CliError {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}
