import type { Clip } from '../audio/index.js';
import { firstFrames, type ResponseDifference, responseDifference } from './compare-responses.js';
import type { FilterBank } from './filter-bank.js';
import {
  type CumulativeResponses,
  cumulativeResponses,
  type ResponseOptions,
  type ResponseSpectra,
  responseSpectra,
} from './response-spectra.js';

/** The filters of a model, and recordings in the form in which it takes them. */
export interface RecordingFilters {
  readonly banks: readonly FilterBank[];
  /** Loads a recording, by its place in the list, at the rate of the filters. */
  load(recording: number): Promise<Clip>;
}

/** The response to a recording of a list. */
export interface RecordingResponse extends ResponseSpectra {
  /** Its place in the list. */
  readonly recording: number;
}

/** Responses to a list of recordings: CRS of all of them, STRS of some. */
export interface RecordingResponses extends CumulativeResponses {
  readonly shown: readonly RecordingResponse[];
}

/** Recordings that are in memory at once. */
const AT_ONCE = 64;

/**
 * Responses to many recordings, of which a few are in memory at a time.
 *
 * @param recordings how many there are
 * @param shown those, at least one, whose responses are wanted over time as well
 * @throws FewSoundError what `responseSpectra` and `load` throw
 */
export async function responsesToRecordings(
  { banks, load }: RecordingFilters,
  recordings: number,
  shown: readonly number[],
  options: ResponseOptions = {},
): Promise<RecordingResponses> {
  const loadAll = async (places: readonly number[]) => {
    const clips: Clip[] = [];
    for (const place of places) clips.push(await load(place));
    return clips;
  };
  const whole = responseSpectra(banks, await loadAll(shown), options).map(
    (response, i): RecordingResponse => ({ recording: shown[i] as number, ...response }),
  );
  const crs = new Array<CumulativeResponses['crs'][number]>(recordings);
  for (const response of whole) crs[response.recording] = response.crs;
  const others = Array.from(crs.keys()).filter((place) => crs[place] === undefined);
  for (let first = 0; first < others.length; first += AT_ONCE) {
    const places = others.slice(first, first + AT_ONCE);
    const responses = cumulativeResponses(banks, await loadAll(places), options).crs;
    for (const [i, response] of responses.entries()) crs[places[i] as number] = response;
  }
  return { shown: whole, crs, frequencies: (whole[0] as ResponseSpectra).frequencies };
}

/**
 * Which recordings of a list stand for all of them: the first ones, as many of each class.
 *
 * @param labels the class of each; undefined where there are no classes
 */
export function recordingsToShow(labels: readonly (string | undefined)[], most: number): number[] {
  const each = Math.max(1, Math.floor(most / new Set(labels).size));
  const counts = new Map<string | undefined, number>();
  return labels
    .flatMap((label, recording) => {
      const before = counts.get(label) ?? 0;
      counts.set(label, before + 1);
      return before < each ? [recording] : [];
    })
    .slice(0, most);
}

/** The response to one recording minus that to another, over the time that both last. */
export function recordingDifference(
  first: ResponseSpectra,
  second: ResponseSpectra,
): ResponseDifference {
  const frames = Math.min(first.times.length, second.times.length);
  return responseDifference(firstFrames(first, frames), firstFrames(second, frames));
}

/**
 * Responses minus those of another model to the same recordings.
 *
 * @throws FewSoundError SHAPE_MISMATCH where the two have other frequencies or strides
 */
export async function modelDifferences(
  responses: readonly RecordingResponse[],
  { banks, load }: RecordingFilters,
  options: ResponseOptions = {},
): Promise<ResponseDifference[]> {
  const clips: Clip[] = [];
  for (const { recording } of responses) clips.push(await load(recording));
  const others = responseSpectra(banks, clips, options);
  return responses.map((response, i) => responseDifference(response, others[i] as ResponseSpectra));
}
