// Files of fewsound are safetensors files whose metadata say what they hold:
//   format         'fewsound'
//   formatVersion  '1'
//   content        what they hold, one of fileContents
//   model          JSON of the architecture: {kind, options}
//   clip           JSON {sampleRate, samples}, where a recording has been learned

import type { FewSoundError } from '../errors.js';

/** What a file of fewsound can hold. */
export const fileContents = [
  'network',
  'pieces',
  'checkpoint',
  'hypernetwork',
  'training',
  'classifier',
  'classifier-training',
] as const;
export type FileContent = (typeof fileContents)[number];

export const format = 'fewsound';
export const formatVersion = '1';

type Metadata = Readonly<Record<string, string>>;
type Fault = (problem: string) => FewSoundError;

/**
 * What the file says that it holds.
 *
 * @throws FewSoundError of `fault` for a file that fewsound did not write, or a later one did
 */
export function contentOf(metadata: Metadata, fault: Fault): FileContent {
  if (metadata.format !== format) {
    throw fault('it is a safetensors file, but fewsound did not write it');
  }
  if (metadata.formatVersion !== formatVersion) {
    throw fault(
      `it has format version ${metadata.formatVersion}; this fewsound reads version ${formatVersion}. Update fewsound`,
    );
  }
  const content = fileContents.find((known) => known === metadata.content);
  if (content === undefined) {
    throw fault(`its content is "${metadata.content}"; expected ${fileContents.join(', ')}`);
  }
  return content;
}

/**
 * JSON of a file's metadata.
 *
 * @throws FewSoundError of `fault` where it is missing or no JSON
 */
export function jsonOf(metadata: Metadata, name: string, fault: Fault): unknown {
  const text = metadata[name];
  if (text === undefined) throw fault(`its metadata lack "${name}"`);
  try {
    return JSON.parse(text);
  } catch {
    throw fault(`its metadata "${name}" are no JSON`);
  }
}
