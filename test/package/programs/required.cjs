// The same fit by the package as CommonJS requires it.
const { createClip, fit, KAN } = require('fewsound');
const { tone } = require('./tone.cjs');

const kan = new KAN({ order: 2, seed: 1 });
fit(kan, createClip(tone, 8000), { steps: 3, threads: 1 }).then(({ losses }) =>
  console.log(JSON.stringify([...losses])),
);
