// A training of a classifier in a process of its own. SETTINGS: JSON of { folder, model, options, save }. Prints a line of
// JSON after every step and at the end.
const { join } = require('node:path');
const dist = join(__dirname, '..', '..', 'dist');
const fewsound = require(join(dist, 'index.js'));
const data = require(join(dist, 'data', 'index.js'));

const { corpus: folder, model: modelOptions, options, save } = JSON.parse(process.env.SETTINGS);
const print = (value) => console.log(JSON.stringify(value));

async function main() {
  const listed = await data.listClasses({ kind: 'folders', folder });
  const clips = await data.LabeledClips.load(listed, {
    sampleRate: 8000,
    samples: 640,
    margin: 16,
  });
  const model = new fewsound.SegmentalCnn(modelOptions);
  try {
    await fewsound.trainClassifier(model, clips, {
      ...options,
      onProgress: ({ step }) => print({ step }),
    });
    if (save) await model.save(save);
    print({ done: true });
  } catch (error) {
    print({ code: error.code, message: error.message });
  } finally {
    model.dispose();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
