import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Chromium or Chrome: $CHROMIUM, else the first in PATH. */
function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const places = names.flatMap((name) => folders.map((path) => join(path, name)));
  return [process.env.CHROMIUM ?? '', ...places].find((path) => {
    try {
      if (path !== '') accessSync(path, constants.X_OK);
      return path !== '';
    } catch {
      return false;
    }
  });
}

export const executablePath = findBrowser();

/** Skipped where there is none. */
export const describeWithBrowser = executablePath ? describe : describe.skip;
