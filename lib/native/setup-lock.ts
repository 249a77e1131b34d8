// Keeps two set-ups of one thing apart.

import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SetupOptions, setupAborted } from './setup-command.js';

/**
 * Takes the lock file; waits while another living process holds it.
 *
 * @returns what gives it back
 * @throws FewSoundError ABORTED at the signal
 */
export async function lockForSetup(
  path: string,
  { onProgress, signal }: SetupOptions,
): Promise<() => void> {
  for (let told = false; ; ) {
    if (signal?.aborted) throw setupAborted(signal);
    try {
      const file = openSync(path, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!ownerLives(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) onProgress?.({ stage: 'waiting', message: 'another process is setting it up' });
    told = true;
    await sleep(500);
  }
}

function ownerLives(lockFile: string): boolean {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'));
    if (owner > 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    // Somebody else's process answers EPERM; it lives.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
