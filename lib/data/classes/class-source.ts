import { z } from 'zod';
import { FewSoundError } from '../../errors.js';
import { optionsObject, parseOptions } from '../../options.js';
import { asvspoof, type SpoofTask, spoofTasks } from './asvspoof.js';
import type { ListedClasses } from './labelled-files.js';
import { classFolders, type DigitTask, digitTasks, spokenDigits } from './labelled-files.js';

/** Where recordings of several classes are, and what their classes are. */
export type ClassSource =
  | {
      /** A sub-folder for each class. */
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
      /** Systems whose spoofs are taken. Default all. */
      attacks?: readonly string[];
    };

export const classSourceKinds = ['folders', 'spoken-digits', 'asvspoof'] as const;

const folderError = 'Expected the path of a folder';
const folder = z.string({ error: folderError }).min(1, { error: folderError });
const protocolError = 'Expected the path of a protocol file';

/** @internal */
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
 * The recordings of several classes, and which class each is of. Only names are looked at. Links to
 * folders and files are followed; what is between the recordings and none of them is listed beside
 * them, but for hidden entries.
 *
 * @throws FewSoundError INVALID_ARGUMENT for bad options, and where there are fewer than two classes; FILE_NOT_FOUND for a
 *   folder or file that is not there, or a class without recordings; FILE_FORMAT for a protocol that is none; IO
 */
export async function listClasses(source: ClassSource): Promise<ListedClasses> {
  const given = parseOptions(classSourceSchema, source, 'class source');
  const listed = await list(given);
  const { labels } = listed;
  if (labels.length >= 2) return listed;
  const found = labels.length === 0 ? 'no class' : `one class only, ${labels[0]}`;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${given.folder} holds ${found}; telling classes apart takes two or more.`,
    { field: 'folder' },
  );
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
