// Running other programs for a set-up, and telling what they do.

import { spawn } from 'node:child_process';
import { FewSoundError } from './errors.js';

/** What set-up is doing. */
export interface SetupProgress {
  readonly stage: 'waiting' | 'environment' | 'download' | 'build';
  /** One line for people. */
  readonly message: string;
}

export interface SetupOptions {
  onProgress?: (progress: SetupProgress) => void;
  signal?: AbortSignal;
}

/** How a program ended; no status where it could not be started, or was killed. */
export interface CommandOutcome {
  readonly status: number | null;
  readonly output: string;
}

/**
 * Runs a program to its end; what pip says of its steps is reported.
 *
 * @throws FewSoundError ABORTED at the signal
 */
export function runForSetup(
  command: string,
  args: readonly string[],
  { onProgress, signal }: SetupOptions,
): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(setupAborted(signal));
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      env: process.env,
    });
    let output = '';
    const take = (chunk: Buffer) => {
      const text = chunk.toString();
      output += text;
      for (const line of text.split('\n')) {
        if (/^(Collecting|Downloading|Installing|Using cached)/.test(line.trim())) {
          onProgress?.({ stage: 'download', message: line.trim() });
        }
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      // What pip has started may outlive it and hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
      if (signal?.aborted) reject(setupAborted(signal));
      else resolve({ status: null, output: error.message });
    });
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** A program's last words. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}

export function setupAborted(signal: AbortSignal): FewSoundError {
  return new FewSoundError('ABORTED', 'The set-up was stopped; run it again to go on.', {
    cause: signal.reason,
  });
}
