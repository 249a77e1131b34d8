import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { readSound } from '../../lib/player';
import { codeBlocks } from '../docs/code-blocks';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import { describeWithBrowser, launchBrowser } from '../setup/browser';

const file = temporaryFolder();

describeWithBrowser('the processor of docs/player.md in an AudioWorklet', () => {
  const [processor = { code: '' }] = codeBlocks('js', ['docs/player.md']);
  const bundle = join(__dirname, '..', '..', 'dist', 'player', 'browser.mjs');
  let model: Buffer;
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    using network = smallNetwork('kan');
    network.clip = { sampleRate: 8000, samples: 4000 };
    await network.save(file('model.safetensors'));
    model = readFileSync(file('model.safetensors'));
    const pages: Record<string, readonly [string, string | Buffer]> = {
      '/': ['text/html', '<!doctype html>'],
      '/kan-processor.js': ['text/javascript', processor.code],
      '/browser.mjs': ['text/javascript', readFileSync(bundle)],
      '/speech.safetensors': ['application/octet-stream', model],
    };
    server = createServer(({ url = '' }, response) => {
      const [type, body] = pages[url] ?? ['text/plain', ''];
      response.writeHead(url in pages ? 200 : 404, { 'content-type': type }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchBrowser();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it('plays what the network renders', async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const heard = await page.evaluate<number[]>(`(async () => {
      const context = new OfflineAudioContext(1, 4000, 8000);
      await context.audioWorklet.addModule('kan-processor.js');
      const model = await (await fetch('speech.safetensors')).arrayBuffer();
      const node = new AudioWorkletNode(context, 'kan', {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: { model },
      });
      node.connect(context.destination);
      return [...(await context.startRendering()).getChannelData(0)];
    })()`);
    const expected = readSound(model).render({});
    expect(heard.length).toBe(4000);
    // Blocks begin at instants in seconds, which are rounded.
    for (const [i, value] of expected.entries()) expect(heard[i]).toBeCloseTo(value, 4);
  }, 180_000);
});
