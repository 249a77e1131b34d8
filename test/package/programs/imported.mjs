// A fit by the package as an ES module imports it; its losses do not depend on Node.js.
import { createClip, fit, KAN } from 'fewsound';
import { tone } from './tone.cjs';

const kan = new KAN({ order: 2, seed: 1 });
const { losses } = await fit(kan, createClip(tone, 8000), { steps: 3, threads: 1 });
console.log(JSON.stringify([...losses]));
