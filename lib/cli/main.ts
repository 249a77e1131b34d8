#!/usr/bin/env node
import { INTERRUPTED } from './command.js';
import { runCli } from './program.js';

const interruption = new AbortController();

// The first Ctrl-C lets the command end in good order, the second does not wait for that.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort(new Error(signal));
  });
}

let unwritten = false;

process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`fewsound help fit | head`) is no failure.
  if (code === 'EPIPE' || unwritten) return;
  unwritten = true;
  process.exitCode = 1;
  process.stderr.write(`fewsound: standard output cannot be written (${message}).\n`);
});
// Where standard error cannot be written, nobody is to be told.
process.stderr.on('error', () => {});

void runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
}).then((status) => {
  process.exitCode = unwritten && status === 0 ? 1 : status;
});
