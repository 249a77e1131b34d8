import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../lib/cli/command';
import { runCli } from '../../lib/cli/program';
import { showPage } from '../../lib/cli/terminal/page';

jest.mock('node:child_process', () => ({
  ...jest.requireActual<object>('node:child_process'),
  spawn: jest.fn(),
}));

test('the browser gets a file that leads to the page: its key is in no list of processes', async () => {
  jest.mocked(spawn).mockReturnValue(Object.assign(new EventEmitter(), { unref() {} }) as never);
  const { DISPLAY } = process.env;
  process.env.DISPLAY = ':0';
  const end = new AbortController();
  const stderr = Object.assign(new PassThrough().resume(), { isTTY: true });
  const context: CommandContext = {
    ...{ stdout: stderr, stderr, json: false, quiet: false, runCommand: runCli },
    signal: end.signal,
  };
  const address = 'http://127.0.0.1:1/?token=secret';
  const shown = showPage({ address, close: async () => {} }, context, true);
  if (DISPLAY === undefined) delete process.env.DISPLAY;
  else process.env.DISPLAY = DISPLAY;
  const [program, [file, ...others]] = jest.mocked(spawn).mock.lastCall as unknown as [
    string,
    [string, ...string[]],
  ];
  expect([program, ...others]).toEqual(['xdg-open']);
  expect(file).not.toContain('secret');
  expect(readFileSync(file, 'utf8')).toContain(address);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  end.abort();
  await shown;
  expect(existsSync(file)).toBe(false);
});
