import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { switchOffEdges } from '../../lib/analysis';
import { readAudio } from '../../lib/audio';
import { type KAN, load } from '../../lib/nn';
import { describeWithBrowser, launchBrowser } from '../setup/browser';
import { openInFolder, tones } from './open-studio';

jest.setTimeout(120_000);

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { html: string }[];
  }[];
}

describeWithBrowser('the studio in Chromium (skipped where there is none: set CHROMIUM)', () => {
  let opened: Awaited<ReturnType<typeof openInFolder>>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const messages: string[] = [];
  let renderings = 0;

  beforeAll(async () => {
    opened = await openInFolder();
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    // What is played, as the sound card gets it.
    await context.addInitScript(`
      const start = AudioBufferSourceNode.prototype.start;
      AudioBufferSourceNode.prototype.start = function (...where) {
        window.played = { rate: this.buffer.sampleRate, samples: [...this.buffer.getChannelData(0)] };
        return start.apply(this, where);
      };
    `);
    page = await context.newPage();
    page.on('console', (message) => messages.push(message.text()));
    page.on('pageerror', (error) => messages.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(opened.studio.address).origin)) {
        messages.push(`asks ${request.url()}`);
      }
    });
    page.on('requestfinished', (request) => {
      if (request.url().includes('/render')) renderings++;
    });
    await page.goto(opened.studio.address);
    await page.getByText('Drop a recording here').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await opened?.close();
  });

  const drop = (name: string, bytes: Uint8Array) =>
    page.evaluate(`{
      const data = new DataTransfer();
      const content = Uint8Array.from(atob('${Buffer.from(bytes).toString('base64')}'), (letter) => letter.charCodeAt(0));
      data.items.add(new File([content], '${name}'));
      dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }`);

  const card = (label: RegExp, on = page) => on.getByRole('article', { name: label });

  /** Sets what is small and quick. */
  async function learn(steps: number) {
    await page.getByLabel('Learn for').selectOption('steps');
    await page.getByLabel('Steps', { exact: true }).fill(String(steps));
    await page.getByRole('button', { name: 'Learn', exact: true }).click();
  }

  /** What axe finds wrong with the page as it is. */
  async function findings(): Promise<string[]> {
    const { violations } = (await page.evaluate(
      `${axeSource}; axe.run(document, { resultTypes: ['violations'] })`,
    )) as AxeResults;
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  }

  test('the address loses its token at once, and opens nothing without it', async () => {
    expect(page.url()).not.toContain('token');
    const stranger = await browser.newContext();
    const elsewhere = await stranger.newPage();
    const { origin } = new URL(opened.studio.address);
    expect((await elsewhere.goto(origin))?.status()).toBe(403);
    await stranger.close();
  });

  test('a file on this machine leads to it', async () => {
    const file = join(opened.folder, 'open.html');
    const { address } = opened.studio;
    await writeFile(file, `<meta http-equiv="refresh" content="0; url=${address}">`);
    const reader = await browser.newContext();
    const led = await reader.newPage();
    await led.goto(`file://${file}`);
    await led.getByText('Drop a recording here').waitFor();
    expect(led.url()).toBe(`${new URL(address).origin}/`);
    await reader.close();
  });

  test('says what to do about a file that is no sound', async () => {
    await drop('letter.txt', Buffer.from('Dear reader'));
    await page.getByText(/^letter\.txt: it is plain text, not audio/).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  });

  test('what is recorded from the microphone is there as a sound', async () => {
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByText(/^Stop · [1-9]/).click();
    await page.getByText(/^microphone-.* · 1\.\d\d s · \d+ Hz · mono$/).waitFor();
  });

  test('a file is dropped, learned and played as it is rendered', async () => {
    await drop('two tones.wav', tones());
    await page.getByText('0.25 s · 8000 Hz').waitFor();
    await page.locator('.network summary').click();
    await page.getByLabel(/^layers/).fill('8,4');
    await learn(30);
    const run = card(/KAN quick/);
    await run.locator('.downloads').waitFor();
    await run.getByRole('button', { name: 'Listen' }).click();
    await page.waitForFunction('window.played !== undefined');
    const played = (await page.evaluate('window.played')) as { rate: number; samples: number[] };
    const file = await readAudio(join(opened.folder, 'two-tones-kan', 'reconstruction.wav'));
    expect(played.rate).toBe(8000);
    expect(Float32Array.from(played.samples)).toEqual(file.channels[0]);
  });

  test('the player goes over to the original where it is', async () => {
    await page.getByRole('group', { name: 'What is heard' }).getByText('Original').click();
    const played = (await page.evaluate('window.played')) as { samples: number[] };
    const file = await readAudio(join(opened.folder, 'two-tones-kan', 'original.wav'));
    expect(Float32Array.from(played.samples)).toEqual(file.channels[0]);
  });

  test('an option that is wrong is told beside its field', async () => {
    const grid = page.getByLabel(/^grid(?!R)/);
    await grid.fill('0');
    await page.getByRole('button', { name: 'Learn', exact: true }).click();
    const told = page.locator('label', { has: grid }).getByRole('alert');
    await told.getByText(/grid is 0\. Expected a whole number/).waitFor();
    expect(await page.evaluate('document.activeElement.ariaInvalid')).toBe('true');
    expect(await findings()).toEqual([]);
    await grid.fill('');
    await grid.blur();
    await told.waitFor({ state: 'detached' });
  });

  test('an edge is chosen by keys, switched off, and heard as the network is without it', async () => {
    const run = card(/KAN quick/);
    await run.getByText('Look inside').click();
    await run.getByText(/place 1 of 112/).waitFor();
    await run.getByLabel('Output', { exact: true }).fill('3');
    await run.getByLabel('Input', { exact: true }).fill('14');
    await run.getByRole('application').focus();
    for (const key of ['ArrowLeft', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'Enter']) {
      await page.keyboard.press(key);
    }
    await run.getByText('Input 14 to output 4').waitFor();
    await run.getByText(/^1 edge off: what the sound loses has −?[\d.]+ dB/).waitFor();
    await run.getByRole('button', { name: 'Without 1 edge' }).click();
    const played = (await page.evaluate('window.played')) as { samples: number[] };
    using network = (await load(join(opened.folder, 'two-tones-kan', 'model.safetensors'))) as KAN;
    switchOffEdges(network, [{ layer: 0, output: 3, input: 13 }]);
    expect(Float32Array.from(played.samples)).toEqual(network.render(2000));
    expect(await findings()).toEqual([]);
    await run.getByRole('button', { name: 'All on' }).click();
    await run.getByText(/^1 edge off/).waitFor({ state: 'detached' });
  });

  test('a model is dropped, and its reports open', async () => {
    const file = await readFile(join(opened.folder, 'two-tones-kan', 'model.safetensors'));
    await drop('kan.safetensors', file);
    const [report] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Geometry of its layers' }).click(),
    ]);
    await report.getByRole('heading', { name: 'The layers of kan' }).waitFor();
    await report.close();
    await drop('letter.pth', Buffer.from('Dear reader'));
    await page.getByText(/^Letter\.pth: cannot read this PyTorch file|^letter\.pth/).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  });

  test('a blind test says how likely its answers are by chance', async () => {
    await page.getByRole('button', { name: 'Blind test' }).click();
    for (const answer of ['X is A', 'X is B', 'X is A']) {
      await page.getByRole('button', { name: answer }).click();
    }
    const result = (await page.locator('.result').textContent()) as string;
    const [, right] = /^(\d) of 3 right/.exec(result) as unknown as [string, string];
    const chances = { 0: '100 %', 1: '88 %', 2: '50 %', 3: '13 %' };
    expect(result).toContain(chances[Number(right) as 0]);
    expect(await findings()).toEqual([]);
    await page.getByRole('button', { name: 'End' }).click();
  });

  test('a blind test shows nowhere what it plays', async () => {
    const listen = card(/KAN quick/).getByRole('button', { name: /Listen/ });
    await listen.click();
    expect(await listen.getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: 'Blind test' }).click();
    for (const name of ['A', 'B']) {
      await page.getByRole('button', { name: `▶ ${name}` }).click();
      expect(await listen.getAttribute('aria-pressed')).toBe('false');
      expect(await listen.getAttribute('class')).not.toBe('primary');
      // It would stop what is played where that is its own.
      expect(await listen.isDisabled()).toBe(true);
    }
    await page.getByRole('button', { name: 'End' }).click();
    expect(await listen.isDisabled()).toBe(false);
  });

  test('what is put away is among the earlier runs, and opened again', async () => {
    await card(/KAN quick/)
      .getByRole('button', { name: 'Put away' })
      .click();
    await page.getByText('Earlier runs').click();
    await page.getByRole('button', { name: /^two-tones-kan/ }).click();
    await card(/KAN quick/)
      .locator('.downloads')
      .waitFor();
  });

  test('is reloaded in the middle, in two tabs, and stopped in one of them', async () => {
    await learn(100_000);
    const run = card(/KAN quick/).first();
    await run.getByText('learns', { exact: true }).waitFor();
    await page.reload();
    const other = await context.newPage();
    await other.goto(new URL(opened.studio.address).origin);
    for (const tab of [page, other]) {
      const shown = card(/KAN quick/, tab).first();
      await shown.getByText('learns', { exact: true }).waitFor();
      await shown.getByText(/\/ 100,000/).waitFor();
      await shown.locator('canvas').first().waitFor();
    }
    await card(/KAN quick/, other)
      .first()
      .getByRole('button', { name: 'Stop and keep' })
      .click();
    await run.locator('.downloads').waitFor();
    expect(await run.getByText('has learned').count()).toBe(1);
    await other.close();
  });

  test.each(['light', 'dark'])('axe finds nothing in %s colors', async (theme) => {
    const name = theme === 'dark' ? 'Dark' : 'Light';
    const button = page.getByRole('button', { name, exact: true });
    if ((await button.count()) > 0) await button.click();
    await page.evaluate(
      `for (const each of document.querySelectorAll('details')) each.open = true`,
    );
    await page.locator('.lens').first().waitFor();
    for (const map of await page.locator('.inside').all()) {
      await map.getByRole('application').waitFor();
    }
    const lenses = await page.locator('.lens').count();
    // Each loads its network, which is gone again once it has answered.
    while (renderings < lenses) await page.waitForTimeout(20);
    expect(await findings()).toEqual([]);
  });

  test('a screen of 390 pixels needs no scrolling to the side', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction('document.documentElement.clientWidth === 390');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await findings()).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('says so where the server has gone away', async () => {
    expect(messages.filter((text) => !/422/.test(text))).toEqual([]);
    await opened.studio.close();
    await page.getByText('The studio does not answer').first().waitFor();
    await page.getByRole('button', { name: 'Learn', exact: true }).click();
    await page.getByText(/Is .fewsound studio. still running/).waitFor();
  });
});

/** axe as a program that a page can run. */
const axeSource = (require('axe-core') as { source: string }).source;
