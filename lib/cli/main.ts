#!/usr/bin/env node
import { INTERRUPTED } from './failure.js';
import { runCli } from './program.js';

const interruption = new AbortController();

// The first Ctrl-C lets the command end in good order, the second does not wait for that.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort(new Error(signal));
  });
}

// A reader that has seen enough (`fewsound help fit | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

void runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
}).then((status) => {
  process.exitCode = status;
});
