// `npm run docs`: the documentation as a static site in build/docs, which opens from disk
// (build/docs/index.html) and can be put on any server. README, the guides and the reference of
// every public symbol by TypeDoc; a gallery of reports that the program itself makes from the
// bundled recording, and a page that plays a network. It needs the built addon, for the gallery, and
// builds what is missing, as `npm start` does.
//
// It fails where a link leads nowhere, and where TypeDoc warns of anything.
import { join, resolve } from 'node:path';
import { Application, Converter } from 'typedoc';
import { build } from './build.mjs';
import { deadLinks } from './dead-links.mjs';
import { makeGallery } from './docs-gallery.mjs';
import { filesBelow, main, root, StepError } from './steps.mjs';

const OUT = 'build/docs';

/** The documents by their groups, in the order of reading. Every file of docs/ has to be here. */
const DOCUMENTS = {
  Guides: [
    ...['setup', 'recipes', 'networks', 'command-line', 'metrics', 'studio', 'player', 'notebooks'],
    ...['training', 'corpora', 'classifiers', 'analysis', 'pitch', 'reproduce'],
  ].map((name) => `docs/${name}.md`),
  'Seen and heard': ['build/gallery/gallery.md', 'examples/README.md', 'configs/README.md'],
  Measurements: filesBelow('bench/results').filter((file) => file.endsWith('.md')),
  'How it is made': ['architecture', 'decisions', 'numbers', 'publishing'].map(
    (name) => `docs/${name}.md`,
  ),
};

const groupOf = new Map(
  Object.entries(DOCUMENTS).flatMap(([group, files]) =>
    files.map((file) => [resolve(root, file), group]),
  ),
);

const HEADING = /^# (.*)\n+/;

/** A document is called by its heading, up to the colon, and stands in its group. */
function placeDocument(document, path) {
  const [, heading = document.name] = HEADING.exec(document.content[0].text) ?? [];
  document.name = heading.replace(/:.*/, '');
  document.frontmatter.group = groupOf.get(path);
}

async function makeSite() {
  const app = await Application.bootstrap({
    name: 'fewsound',
    tsconfig: 'tsconfig.json',
    entryPoints: ['', 'analysis/', 'data/', 'player/', 'report/', 'tensor/'].map(
      (room) => `lib/${room}index.ts`,
    ),
    projectDocuments: [...groupOf.keys()],
    out: OUT,
    readme: 'README.md',
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    hideGenerator: true,
    sortEntryPoints: false,
    includeHierarchySummary: false,
    searchInComments: true,
    searchInDocuments: true,
    customCss: 'docs/site/site.css',
    navigation: { includeGroups: true },
    groupOrder: [...Object.keys(DOCUMENTS), '*'],
    highlightLanguages: ['bash', 'console', 'html', 'javascript', 'json', 'typescript'],
    // What the types name beside the public symbols is shown where it is used.
    validation: { notExported: false, invalidLink: true, invalidPath: true },
    treatWarningsAsErrors: true,
    logLevel: 'Warn',
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) =>
    placeDocument(document, document.project.files.getReflectionPath(document)),
  );
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    // The front page has the project's name above it.
    const [first] = project.readme;
    first.text = first.text.replace(HEADING, '');
  });
  const project = await app.convert();
  if (project === undefined) throw new StepError('TypeDoc could not read the sources');
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new StepError('TypeDoc found something wrong, see above');
  }
}

await main(async () => {
  const forgotten = filesBelow('docs').filter((file) => file.endsWith('.md') && !groupOf.has(file));
  if (forgotten.length > 0) {
    throw new StepError(`scripts/docs.mjs knows no group for ${forgotten.join(', ')}`);
  }
  await build();
  await makeGallery(join(root, 'build', 'gallery'));
  console.error('• the site');
  await makeSite();
  const dead = deadLinks(join(root, OUT));
  if (dead.length > 0) throw new StepError(`links that lead nowhere:\n  ${dead.join('\n  ')}`);
  console.error(`\nThe documentation: ${join(root, OUT, 'index.html')}`);
});
