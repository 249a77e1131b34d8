import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import {
  writeAnalysisReport,
  writeClassifierReport,
  writeComparisonReport,
  writeReport,
  writeTrainingReport,
} from '../../lib/report';
import { describeWithBrowser, launchBrowser } from '../setup/browser';
import { sampleAnalysis } from './sample-analysis';
import { sampleClassifier, sampleTest } from './sample-classifier';
import { sampleModel, sampleRun, sampleSound } from './sample-report';
import { sampleReconstruction, sampleTraining } from './sample-training';

describeWithBrowser('a report in Chromium (skipped where there is none: set CHROMIUM)', () => {
  const original = sampleSound();
  let folder: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fewsound-browser-'));
    await writeReport(join(folder, 'report.html'), {
      original,
      model: sampleModel(original),
      run: sampleRun,
    });
    await writeComparisonReport(join(folder, 'comparison.html'), {
      original,
      models: (['kan', 'siren', 'nerf'] as const).map((kind) => sampleModel(original, { kind })),
      run: sampleRun,
    });
    await writeTrainingReport(
      join(folder, 'training.html'),
      sampleTraining({
        reconstructions: ['one', 'two'].map((name) =>
          sampleReconstruction(name, {
            original: original.samples,
            reconstruction: original.samples,
          }),
        ),
      }),
    );
    await writeAnalysisReport(join(folder, 'analysis.html'), sampleAnalysis());
    await writeClassifierReport(join(folder, 'classifier.html'), sampleClassifier());
    const many = Array.from({ length: 100 }, (_, index) => `speaker ${index}`);
    await writeClassifierReport(
      join(folder, 'many-classes.html'),
      sampleClassifier({ test: sampleTest(many) }),
    );
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  /** Opens a report from disk; also what it said and what it asked the network for. */
  async function open(name: string, width = 1280) {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const messages: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => messages.push(message.text()));
    page.on('pageerror', (error) => messages.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) requests.push(request.url());
    });
    await page.goto(pathToFileURL(join(folder, name)).href, { waitUntil: 'load' });
    return { page, messages, requests };
  }

  /** Widths in pixels of all pictures, after decoding. */
  const pictureWidths = (page: Page) =>
    page.evaluate<
      number[]
    >(`Promise.all([...document.querySelectorAll('image')].map(async (element) => {
      const picture = new Image();
      picture.src = element.href.baseVal;
      await picture.decode();
      return picture.naturalWidth;
    }))`);

  /** Durations of all players in seconds, once their headers are read; -1 for one that fails. */
  const durations = (page: Page) =>
    page.evaluate<number[]>(`Promise.all([...document.querySelectorAll('audio')].map((audio) =>
      new Promise((resolve) => {
        if (audio.readyState >= 1) resolve(audio.duration);
        audio.onloadedmetadata = () => resolve(audio.duration);
        audio.onerror = () => resolve(-1);
      })))`);

  test.each([
    ['report.html', 3, 2],
    ['comparison.html', 7, 4],
    ['training.html', 4, 4],
  ])(
    '%s shows its pictures and plays its sounds without the network',
    async (name, pictures, players) => {
      const { page, messages, requests } = await open(name);
      const widths = await pictureWidths(page);
      expect(widths).toHaveLength(pictures);
      for (const width of widths) expect(width).toBeGreaterThan(50);
      const seconds = await durations(page);
      expect(seconds).toHaveLength(players);
      for (const duration of seconds) {
        expect(duration).toBeCloseTo(original.samples.length / original.sampleRate, 2);
      }
      expect(messages).toEqual([]);
      expect(requests).toEqual([]);
      await page.close();
    },
  );

  test('analysis.html shows its pictures and a surface that can be turned, without the network', async () => {
    const { page, messages, requests } = await open('analysis.html');
    const widths = await pictureWidths(page);
    expect(widths).toEqual([50, 50, 50]);
    await page.waitForSelector('#response-surface canvas, #response-surface .no-webgl');
    // Of drawing without a GPU, as here, the browser says that it is slow.
    const faults = messages.filter((message) => !/GL Driver Message|Canvas2D/.test(message));
    expect(faults).toEqual([]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test.each([1280, 800, 390])('fits a window of %d pixels', async (width) => {
    for (const name of [
      ...['report.html', 'comparison.html', 'training.html', 'analysis.html'],
      ...['classifier.html', 'many-classes.html'],
    ]) {
      const { page } = await open(name, width);
      const excess = await page.evaluate<number>(
        'document.documentElement.scrollWidth - innerWidth',
      );
      expect(excess).toBeLessThanOrEqual(0);
      await page.close();
    }
  });

  test('classifier.html has a matrix whose numbers can be read in light and in dark', async () => {
    const { page, messages, requests } = await open('classifier.html');
    // Relative luminances as WCAG has them, of each number and of its cell on the page.
    const contrasts = (colorScheme: 'light' | 'dark') =>
      page.emulateMedia({ colorScheme }).then(() =>
        page.evaluate<number[]>(`(() => {
          const svg = [...document.querySelectorAll('svg.on-wide')].find((each) =>
            each.getAttribute('aria-label').startsWith('Confusion'));
          const rgb = (css) => css.match(/[\\d.]+/g).slice(0, 3).map(Number);
          const light = (color) => color
            .map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
            .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
          const page = rgb(getComputedStyle(document.body).backgroundColor);
          const filled = [...svg.querySelectorAll('path[fill^="var(--series"]')];
          const numbers = [...svg.querySelectorAll('.mark-text.role-mark text')];
          return filled.map((cell, index) => {
            const { fill, fillOpacity } = getComputedStyle(cell);
            const ground = rgb(fill).map((part, i) => fillOpacity * part + (1 - fillOpacity) * page[i]);
            const [a, b] = [light(ground), light(rgb(getComputedStyle(numbers[index]).fill))];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          });
        })()`),
      );
    for (const scheme of ['light', 'dark'] as const) {
      const found = await contrasts(scheme);
      expect(found).toHaveLength(6);
      for (const contrast of found) expect(contrast).toBeGreaterThan(3.5);
    }
    expect(messages).toEqual([]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test('follows the color scheme of the system', async () => {
    const { page } = await open('report.html');
    const background = async (colorScheme: 'light' | 'dark') => {
      await page.emulateMedia({ colorScheme });
      const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      return (color.match(/\d+/g) ?? []).map(Number);
    };
    const [light = 0] = await background('light');
    const [dark = 255] = await background('dark');
    expect(light).toBeGreaterThan(200);
    expect(dark).toBeLessThan(60);
    await page.close();
  });

  test.each(['report.html', 'training.html', 'analysis.html', 'classifier.html'])(
    '%s gives every plot a description and every identifier once',
    async (name) => {
      const { page } = await open(name);
      // The surface is a canvas with buttons of its own.
      const plots = await page.locator('main svg:not([id=response-surface] svg)').count();
      const described = await page.locator('main svg[role=img][aria-label]').count();
      const identifiers = await page.evaluate<string[]>(
        `[...document.querySelectorAll('[id]')].map(({ id }) => id)`,
      );
      expect(plots).toBeGreaterThan(5);
      expect(described).toBe(plots);
      expect(new Set(identifiers).size).toBe(identifiers.length);
      await page.close();
    },
  );
});
