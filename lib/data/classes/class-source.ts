import { z } from 'zod';
import { invalidArgument } from '../../errors.js';
import { optionsObject, parseOptions } from '../../options.js';
import { asvspoof, type SpoofTask, spoofTasks } from './asvspoof.js';
import {
  classFolders,
  type DigitTask,
  digitTasks,
  type ListedClasses,
  spokenDigits,
} from './labeled-files.js';

/** Where recordings of several classes are, and how to tell their classes. */
export type ClassSource =
  | {
      /** A subfolder for each class. */
      kind: 'folders';
      folder: string;
    }
  | {
      /** Free Spoken Digit Dataset: files DIGIT_SPEAKER_INDEX.wav. */
      kind: 'spoken-digits';
      folder: string;
      /** Default 'digit'. */
      task?: DigitTask;
    }
  | {
      /** ASVspoof 2019, logical access. */
      kind: 'asvspoof';
      folder: string;
      /** A protocol file, such as ASVspoof2019.LA.cm.eval.trl.txt. */
      protocol: string;
      /** Default 'key': bona fide and spoof. */
      task?: SpoofTask;
      /** Systems whose spoofs to take. Default: all. */
      attacks?: readonly string[];
    };

export const classSourceKinds = ['folders', 'spoken-digits', 'asvspoof'] as const;

const folderError = 'Expected the path of a folder';
const folder = z.string({ error: folderError }).min(1, { error: folderError });
const protocolError = 'Expected the path of a protocol file';

export const classSourceSchema = z.discriminatedUnion(
  'kind',
  [
    optionsObject({ kind: z.literal('folders'), folder }),
    optionsObject({
      kind: z.literal('spoken-digits'),
      folder,
      task: z.enum(digitTasks, { error: "Expected 'digit' or 'speaker'" }).default('digit'),
    }),
    optionsObject({
      kind: z.literal('asvspoof'),
      folder,
      protocol: z.string({ error: protocolError }).min(1, { error: protocolError }),
      task: z.enum(spoofTasks, { error: "Expected 'key' or 'attack'" }).default('key'),
      attacks: z
        .array(z.string(), { error: 'Expected an array of systems, such as ["A07"]' })
        .min(1, { error: 'Expected at least one system' })
        .optional(),
    }),
  ],
  { error: `Expected an object with kind ${classSourceKinds.join(', ')} and a folder` },
);

/**
 * Lists the recordings of several classes. Only names are looked at. Links to folders and files are
 * followed; entries that are not recordings are listed beside them, except hidden ones.
 *
 * @throws FewSoundError INVALID_ARGUMENT for bad options, and where there are fewer than two
 *   classes; FILE_NOT_FOUND for a folder or file that is not there, or a class without recordings;
 *   FILE_FORMAT for an invalid protocol; IO
 */
export async function listClasses(source: ClassSource): Promise<ListedClasses> {
  const given = parseOptions(classSourceSchema, source, 'class source');
  const listed = await list(given);
  const { labels } = listed;
  if (labels.length >= 2) return listed;
  const found = labels.length === 0 ? 'no classes' : `only one class, ${labels[0]}`;
  throw invalidArgument('folder', `${given.folder} contains ${found}; expected two or more.`);
}

function list(source: z.output<typeof classSourceSchema>): Promise<ListedClasses> {
  switch (source.kind) {
    case 'folders':
      return classFolders(source.folder);
    case 'spoken-digits':
      return spokenDigits(source.folder, source.task);
    case 'asvspoof':
      return asvspoof(source.folder, source.protocol, source);
  }
}
