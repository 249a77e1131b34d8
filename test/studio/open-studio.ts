import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { encodeWav } from '../../lib/audio';
import { runCli } from '../../lib/cli/program';
import { fitCommandFor } from '../../lib/cli/runs/studio-fits';
import { analyzeCommandFor } from '../../lib/cli/runs/studio-models';
import { openStudio, type Studio } from '../../lib/studio';

/** Half a second of two tones that fade in. */
export function tones(seconds = 0.25, sampleRate = 8000): Uint8Array {
  const samples = Float32Array.from({ length: seconds * sampleRate }, (_, i) => {
    const t = i / sampleRate;
    return Math.min(1, 8 * t) * (0.6 * Math.sin(2 * Math.PI * 220 * t) + 0.3 * Math.sin(3000 * t));
  });
  return encodeWav({ samples, sampleRate });
}

/** A studio in a folder of its own, with the command `fit` as the command line has it. */
export async function openInFolder(): Promise<{
  readonly studio: Studio;
  readonly folder: string;
  close(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'fewsound-studio-'));
  const nobody = new PassThrough().resume();
  const context = {
    ...{ stdout: nobody, stderr: nobody, json: false, quiet: true, runCommand: runCli },
    signal: new AbortController().signal,
  };
  const commands = { fits: fitCommandFor(context), analyze: analyzeCommandFor(context) };
  const studio = await openStudio(commands, folder, [], { version: '0.0.0' });
  return {
    ...{ studio, folder },
    async close() {
      await studio.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
