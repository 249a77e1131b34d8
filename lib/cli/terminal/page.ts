import { spawn } from 'node:child_process';
import type { Studio } from '../../studio/index.js';
import type { CommandContext } from '../command.js';
import { flag, integerFrom } from '../flags/parsers.js';

export const portFlag = flag(
  '--port <number>',
  'port of the page; default: any that is free',
  integerFrom(0),
);

/** True unless it is given. */
export const noOpenFlag = flag('--no-open', 'print the address and do not open the browser');

/** Says where a page is, and opens it where there is a screen to open it on. */
export function announcePage(
  { address }: Studio,
  { stderr }: CommandContext,
  open: boolean | undefined,
): void {
  stderr.write(`Open ${address}\n`);
  const screen = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  if (open === false || !stderr.isTTY || screen === undefined) return;
  // Where there is no such program, the address is there to be copied.
  spawn('xdg-open', [address], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
}

/** Announces a page and keeps it until Ctrl-C. */
export async function showPage(
  page: Studio,
  context: CommandContext,
  open: boolean | undefined,
): Promise<void> {
  announcePage(page, context, open);
  context.stderr.write('Ctrl-C closes it; what learns can be resumed.\n');
  await untilInterrupted(context.signal);
  await page.close();
}

/** Waits for Ctrl-C. */
export function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
