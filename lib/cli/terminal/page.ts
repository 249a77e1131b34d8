import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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

/**
 * Says where a page is, and opens it where there is a screen to open it on.
 *
 * @returns what to dispose of at the end
 */
function announcePage(
  { address }: Studio,
  { stderr }: CommandContext,
  open: boolean | undefined,
): Disposable | undefined {
  stderr.write(`Open ${address}\n`);
  const screen = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  if (open === false || !stderr.isTTY || screen === undefined) return undefined;
  // The address has the key, and every user of the machine can read the arguments of a program: it
  // gets a file, which nobody else can read, that leads there.
  const folder = mkdtempSync(join(tmpdir(), 'fewsound-open-'));
  const file = join(folder, 'open.html');
  const page = `<!doctype html><meta http-equiv="refresh" content="0; url=${address}"><a href="${address}">The page of fewsound</a>\n`;
  writeFileSync(file, page, { mode: 0o600 });
  // Where there is no such program, the address is there to be copied.
  spawn('xdg-open', [file], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
  return { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Announces a page and keeps it until Ctrl-C. */
export async function showPage(
  page: Studio,
  context: CommandContext,
  open: boolean | undefined,
): Promise<void> {
  using _opened = announcePage(page, context, open);
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
    using _opened = announcePage(page, context, open);
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
