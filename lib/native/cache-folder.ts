import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where fewsound keeps what all its copies share: `$XDG_CACHE_HOME/fewsound`, by default `~/.cache/fewsound`. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fewsound');
}
