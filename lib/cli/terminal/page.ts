import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { openWatch, type Studio } from '../../studio/index.js';
import {
  type CommandContext,
  type CommandResult,
  type SilentResult,
  toJsonLine,
} from '../command.js';
import { flag, integerFrom } from '../flags/parsers.js';
import { packageVersion } from '../machine.js';

export const portFlag = flag(
  '--port <number>',
  'port of the page; default: any that is free',
  integerFrom(0),
);

/** True unless it is given. */
export const noOpenFlag = flag('--no-open', 'print the address and do not open the browser');

/** Says where a page is, and opens it where there is a screen to open it on. */
function announcePage(
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

/** Of commands whose fits can be watched. */
export const watchFlags = {
  watch: flag('--watch', 'open a page in the browser to watch and to listen while it learns'),
  port: portFlag,
  open: noOpenFlag,
};

/** What is given for them. */
interface Watched {
  readonly watch?: boolean | undefined;
  readonly port?: number | undefined;
  readonly open?: boolean | undefined;
}

/**
 * Work whose fits a page shows where `--watch` is given; the results are printed, and the page
 * stays until Ctrl-C.
 */
export async function withPage(
  { watch, port, open }: Watched,
  audio: string,
  context: CommandContext,
  work: (context: CommandContext) => Promise<CommandResult>,
): Promise<CommandResult | SilentResult> {
  if (!watch) return work(context);
  const page = await openWatch(basename(audio), { port, version: packageVersion() });
  try {
    announcePage(page, context, open);
    const { json, text, status = 0 } = await work({ ...context, watch: page.watch });
    context.stdout.write(context.json ? toJsonLine(json) : `${text}\n`);
    if (!context.quiet) context.stderr.write('\nThe page stays open; Ctrl-C closes it.\n');
    await untilInterrupted(context.signal);
    return { status };
  } finally {
    await page.close();
  }
}

/** Waits for Ctrl-C. */
function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
