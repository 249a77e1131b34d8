import { openStudio } from '../../studio/index.js';
import { defineCommand } from '../command.js';
import { argument, flag } from '../flags/parsers.js';
import { packageVersion } from '../machine.js';
import { fitCommandFor } from '../runs/studio-fits.js';
import { analyzeCommandFor } from '../runs/studio-models.js';
import { noOpenFlag, portFlag, showPage } from '../terminal/page.js';

export const studio = defineCommand({
  description:
    'Opens a page in the browser where networks learn sounds: bring a recording, choose networks, watch and listen while they learn, compare them by ear. Only this machine can reach it, by the address that is printed.',
  examples: ['fewsound studio', 'fewsound studio speech.flac music.wav --port 8080'],
  inputs: {
    audio: argument('[audio...]', 'recordings to begin with'),
    port: portFlag,
    open: noOpenFlag,
    out: flag('--out <folder>', 'folder for the runs; default: fewsound-out'),
  },
  async run({ audio, port, out = 'fewsound-out', open }, context) {
    const commands = { fits: fitCommandFor(context), analyze: analyzeCommandFor(context) };
    const page = await openStudio(commands, out, audio, { port, version: packageVersion() });
    await showPage(page, context, open);
    return { json: { folder: out }, text: `The studio is closed; its runs are in ${out}.` };
  },
});
