import { formatError } from './checks.js';
import type { OggPackets } from './ogg-pages.js';

/**
 * How far a page may be ahead of the samples before it, seconds: the shortest packet of Opus. What
 * is less is no lost packet but rounding, by programs that count in milliseconds.
 */
const tolerance = 0.0025;

/** A page of sound: where it says that it ends, and how many samples were decoded from it. */
export interface TimedPage extends Pick<OggPackets, 'granule' | 'last'> {
  readonly count: number;
}

/** The decoded samples that belong to the sound. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What of the decoded samples is sound by the time stamps of the pages: the last page may end
 * before its packets do, and where `mayTrimStart` (Vorbis) the first one may begin before the sound
 * does. A recording cut out of a longer one begins later than 0.
 *
 * @internal
 * @throws FewSoundError FILE_FORMAT where samples are missing between two pages
 */
export function spanOf(
  pages: readonly TimedPage[],
  sampleRate: number,
  mayTrimStart: boolean,
  name: string,
): Span {
  let count = 0; // samples decoded up to the end of the page
  let start = 0;
  let end: number | null = null;
  let known: { count: number; granule: number } | null = null; // the last page with a time stamp
  for (const page of pages) {
    count += page.count;
    if (page.granule === null) continue;
    if (known === null) {
      let origin = page.granule - count; // time stamp of the first decoded sample
      if (origin < 0 && page.last)
        origin = 0; // the only page: it is the end that is cut
      else if (origin < 0 && mayTrimStart) start = Math.min(-origin, count);
      known = { count: 0, granule: origin };
    }
    const ahead = page.granule - known.granule - (count - known.count);
    if (ahead > tolerance * sampleRate) {
      throw formatError(
        name,
        `${ahead} samples are missing before ${(page.granule / sampleRate).toFixed(2)} s, by the time ` +
          'stamps of its Ogg pages: part of the sound was lost.',
      );
    }
    if (page.last) end = count + ahead;
    known = { count, granule: page.granule };
  }
  return { start, end: Math.max(start, Math.min(count, end ?? count)) };
}
