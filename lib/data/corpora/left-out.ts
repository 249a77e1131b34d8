/**
 * What an entry of a folder lacks to be one of the recordings, in words that follow its name or
 * their number.
 */
export const leftOutReasons = {
  'broken-link': 'a link that leads nowhere',
  'not-audio': 'no audio file by its name (wav, flac, mp3, ogg, oga, opus, au)',
  'other-name': 'a name that the corpus does not have',
  'not-listed': 'not named by the protocol',
  'no-class': 'an audio file outside the folders of the classes',
  'same-folder': 'a folder that was read already, under another name',
} as const;

export type LeftOutReason = keyof typeof leftOutReasons;

/**
 * An entry of a folder that is not among its recordings. Hidden ones, whose names begin with a dot,
 * are not listed.
 */
export interface LeftOut {
  /** Path below the folder, with `/` between. */
  readonly name: string;
  readonly reason: LeftOutReason;
}
