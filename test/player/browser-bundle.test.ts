import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, SourceTextModule } from 'node:vm';
import { readSound } from '../../lib/player';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';

const path = join(__dirname, '..', '..', 'dist', 'player', 'browser.mjs');
const file = temporaryFolder();

it('is small', () => {
  expect(statSync(path).size).toBeLessThan(30_000);
});

it('runs where there is the language alone, as in an AudioWorklet', async () => {
  using network = smallNetwork('kan');
  network.clip = { sampleRate: 8000, samples: 400 };
  await network.save(file('kan.safetensors'));
  const bytes = readFileSync(file('kan.safetensors'));
  // No TextDecoder, no Buffer, no performance; and an ArrayBuffer of another realm.
  const module = new SourceTextModule(readFileSync(path, 'utf8'), { context: createContext({}) });
  await module.link((name) => {
    throw new Error(`it imports ${name}`);
  });
  await module.evaluate();
  const { readSound: readThere } = module.namespace as { readSound: typeof readSound };
  const there = readThere(new Uint8Array(bytes).buffer);
  expect(Array.from(there.render({}))).toEqual(Array.from(readSound(bytes).render({})));
});
