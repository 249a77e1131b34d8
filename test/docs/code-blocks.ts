import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');

/** A piece of code in a document. */
export interface CodeBlock {
  /** Where it stands: `docs/player.md:11`. */
  readonly place: string;
  readonly code: string;
}

const documents = [
  'README.md',
  'configs/README.md',
  'examples/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The blocks of a language in all documents, or in one. */
export function codeBlocks(language: string, of: readonly string[] = documents): CodeBlock[] {
  return of.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'));
    return [...blocks].map(({ index, 1: code = '' }) => ({
      place: `${document}:${text.slice(0, index).split('\n').length}`,
      code,
    }));
  });
}
