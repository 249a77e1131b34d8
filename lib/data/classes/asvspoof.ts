import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { CorpusFolder } from '../corpora/corpus-folder.js';
import type { ListedClasses } from './labelled-files.js';

/** What recordings of ASVspoof are sorted by: bona fide or spoof, or the system that spoofed them. */
export const spoofTasks = ['key', 'attack'] as const;
export type SpoofTask = (typeof spoofTasks)[number];

/** Which recordings of ASVspoof are meant. */
export interface SpoofSelection {
  readonly task: SpoofTask;
  /** Systems whose spoofs are taken, such as A07; undefined: all. Bona fide recordings are always taken. */
  readonly attacks?: readonly string[] | undefined;
}

const KEYS = ['bonafide', 'spoof'] as const;

interface ProtocolLine {
  readonly name: string;
  readonly attack: string;
  readonly key: string;
}

/**
 * Recordings of ASVspoof 2019, logical access (Todisco and others 2019), as a protocol file of its own lists them: a line
 * `SPEAKER FILE - SYSTEM KEY` for each, for example `LA_0079 LA_T_1004644 - A01 spoof`. The recordings lie in the folder or
 * in its `flac`.
 *
 * @throws FewSoundError FILE_NOT_FOUND for a protocol or a recording that is not there, FILE_FORMAT naming the line that is
 *   none of a protocol, INVALID_ARGUMENT for attacks that the protocol does not name
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
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `attacks: ${protocol} names no system ${unknown}; it has ${[...known].filter((name) => name !== '-').join(', ')}.`,
      { field: 'attacks' },
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
        throw folder.incomplete(`${protocol} names ${line.name}, which is not there.`);
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
      `protocol: ${path} cannot be read (${cause.message}). Give a file such as ASVspoof2019.LA.cm.eval.trl.txt.`,
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
      `${path}, line ${index + 1}, is no line of an ASVspoof 2019 protocol; expected SPEAKER FILE - SYSTEM KEY with bonafide or spoof as key.`,
      { field: 'protocol' },
    );
  });
  if (lines.length > 0) return lines;
  throw new FewSoundError('FILE_FORMAT', `${path} is empty; expected an ASVspoof 2019 protocol.`, {
    field: 'protocol',
  });
}
