import { readFile } from 'node:fs/promises';
import { FewSoundError } from '../native/errors.js';

/**
 * Reads a JSON file that a person may have written.
 *
 * @param hint what to do where it cannot be read, a sentence
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line that is no JSON
 */
export async function readJsonFile(path: string, hint: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new FewSoundError('FILE_NOT_FOUND', `${path} cannot be read. ${hint}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FewSoundError(
      'FILE_FORMAT',
      `${path}, line ${wrongLine(text)}, is not JSON: ${problem(cause as Error)}.`,
      { cause },
    );
  }
}

/** What is wrong, without the piece of the file that some messages quote. */
const problem = ({ message }: Error): string =>
  message.replace(/, (\.{3})?"[\s\S]* is not valid JSON$/, '').replace(/\n/g, '\\n');

/** The first line, from 1, with whose end the text can no longer be the beginning of JSON. */
function wrongLine(text: string): number {
  const lines = text.split('\n');
  for (let count = 1; count < lines.length; count++) {
    const beginning = `${lines.slice(0, count).join('\n')}\n`;
    const position = problemPosition(beginning);
    if (position !== null) return lineOf(text, Math.min(position, beginning.length - 1));
  }
  // To its end it could go on: what is wrong is that it ends.
  return lineOf(text, problemPosition(text) ?? text.trimEnd().length);
}

/** Where a text cannot go on to be JSON; null where it can. Not every message says where: then at its end. */
function problemPosition(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position === undefined) return /^Unexpected end/.test(message) ? null : text.length;
    return Number(position) >= text.length ? null : Number(position);
  }
}

const lineOf = (text: string, position: number): number =>
  text.slice(0, position).split('\n').length;
