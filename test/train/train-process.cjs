// A training in a process of its own, or one rank of it (RANK, WORLD_SIZE, MASTER_PORT). SETTINGS: JSON of { corpus,
// model, options, save }. Prints a line of JSON after every step and at the end.
const { join } = require('node:path');
const dist = join(__dirname, '..', '..', 'dist');
const fewsound = require(join(dist, 'index.js'));
const data = require(join(dist, 'data', 'index.js'));

const {
  corpus: corpusFolder,
  model: modelOptions,
  options,
  save,
} = JSON.parse(process.env.SETTINGS);
const print = (value) => console.log(JSON.stringify(value));

async function main() {
  const group = await fewsound.processGroupFromEnvironment();
  const corpus = await data.openCorpus(corpusFolder);
  const model = new fewsound.FewSound(modelOptions);
  try {
    await fewsound.train(model, corpus, {
      ...options,
      ...(group && { group }),
      onProgress: ({ step }) => print({ step }),
    });
    if (save) await model.save(save);
    await group?.close();
    print({ done: true });
  } catch (error) {
    print({ code: error.code, message: error.message });
  } finally {
    model.dispose();
    await corpus.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
