import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError, invalidArgument } from '../../errors.js';
import { CorpusFolder } from '../corpora/corpus-folder.js';
import type { ListedClasses } from './labeled-files.js';

/** The classes of ASVspoof: bona fide and spoof, or bona fide and each spoofing system. */
export const spoofTasks = ['key', 'attack'] as const;
export type SpoofTask = (typeof spoofTasks)[number];

/** Which recordings of ASVspoof to take. */
interface SpoofSelection {
  readonly task: SpoofTask;
  /**
   * Systems whose spoofs to take, such as A07; default all. Bona fide recordings are always taken.
   */
  readonly attacks?: readonly string[] | undefined;
}

const KEYS = ['bonafide', 'spoof'] as const;

interface ProtocolLine {
  readonly name: string;
  readonly attack: string;
  readonly key: string;
}

/**
 * Recordings of ASVspoof 2019, logical access (Todisco and others 2019), as one of its protocol
 * files lists them: a line `SPEAKER FILE - SYSTEM KEY` for each, for example
 * `LA_0079 LA_T_1004644 - A01 spoof`. The recordings lie in the folder or in its `flac`.
 *
 * @throws FewSoundError FILE_NOT_FOUND for a missing protocol or recording, FILE_FORMAT naming the
 *   bad line, INVALID_ARGUMENT for attacks that the protocol does not have
 */
export async function asvspoof(
  path: string,
  protocol: string,
  { task, attacks }: SpoofSelection,
): Promise<ListedClasses> {
  const lines = await readProtocol(protocol);
  const known = new Set(lines.map(({ attack }) => attack));
  const unknown = attacks?.find((attack) => !known.has(attack));
  if (unknown !== undefined) {
    throw invalidArgument(
      'attacks',
      `attacks: ${protocol} has no system ${unknown}; expected some of ${[...known].filter((name) => name !== '-').join(', ')}.`,
    );
  }
  const chosen = lines
    .filter(({ key, attack }) => key === 'bonafide' || (attacks?.includes(attack) ?? true))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const classOf = ({ key, attack }: ProtocolLine) =>
    task === 'key' || key === 'bonafide' ? key : attack;
  const spoofed = new Set(chosen.filter(({ key }) => key === 'spoof').map(classOf));
  const labels = ['bonafide', ...[...spoofed].sort()];

  const outer = await CorpusFolder.open(path, 'the recordings of ASVspoof 2019');
  const folder = await outer.unwrapped('flac');
  const there = new Map(
    (await folder.audioFiles('.')).map((name) => [name.replace(/^.*\/|\.\w+$/g, ''), name]),
  );
  const named = new Set(lines.map(({ name }) => name));
  for (const [name, path] of there) {
    if (!named.has(name)) folder.leaveOut(path, 'not-listed');
  }
  return {
    labels,
    files: chosen.map((line) => {
      const name = there.get(line.name);
      if (name === undefined) {
        throw folder.incomplete(`${protocol} lists ${line.name}, which is missing.`);
      }
      return { path: join(folder.path, name), name, label: labels.indexOf(classOf(line)) };
    }),
    leftOut: folder.leftOut,
  };
}

async function readProtocol(path: string): Promise<ProtocolLine[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new FewSoundError(
      cause.code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'IO',
      `protocol: ${path} cannot be read (${cause.message}); expected a file such as ASVspoof2019.LA.cm.eval.trl.txt.`,
      { field: 'protocol', cause },
    );
  });
  const lines = text.split(/\r?\n/).flatMap((line, index): ProtocolLine[] => {
    if (line.trim() === '') return [];
    const [, name, , attack, key, ...more] = line.trim().split(/\s+/);
    if (name !== undefined && attack !== undefined && more.length === 0) {
      if (KEYS.some((known) => known === key)) return [{ name, attack, key: key as string }];
    }
    throw new FewSoundError(
      'FILE_FORMAT',
      `${path}, line ${index + 1}: expected SPEAKER FILE - SYSTEM KEY, with the key bonafide or spoof.`,
      { field: 'protocol' },
    );
  });
  if (lines.length > 0) return lines;
  throw new FewSoundError('FILE_FORMAT', `${path} is empty; expected an ASVspoof 2019 protocol.`, {
    field: 'protocol',
  });
}
