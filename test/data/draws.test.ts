import fc from 'fast-check';
import { Draws } from '../../lib/data/draws';

const many = (draws: Draws, count: number) => Array.from({ length: count }, () => draws.uniform());
const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('Draws', () => {
  test('are the same for the same key, and others for any other key', () => {
    fc.assert(
      fc.property(seed, word, word, (key, epoch, item) => {
        const first = many(new Draws(key, 'item', epoch, item), 4);
        expect(many(new Draws(key, 'item', epoch, item), 4)).toEqual(first);
        const others = [
          new Draws(key, 'order', epoch, item),
          new Draws(key, 'item', (epoch + 1) % 2 ** 32, item),
          new Draws(key, 'item', epoch, (item + 1) % 2 ** 32),
          new Draws((key + 1) % Number.MAX_SAFE_INTEGER, 'item', epoch, item),
          new Draws((key + 2 ** 32) % Number.MAX_SAFE_INTEGER, 'item', epoch, item),
        ];
        for (const other of others) expect(many(other, 4)).not.toEqual(first);
      }),
    );
  });

  // Bounds of chance: five standard deviations or more.
  test('are uniform, within one stream and over the first numbers of many', () => {
    const streams = [
      many(new Draws(1, 'item', 2, 3), 40_000),
      Array.from({ length: 40_000 }, (_, item) => new Draws(7, 'item', 0, item).uniform()),
      Array.from({ length: 40_000 }, (_, epoch) => new Draws(7, 'item', epoch, 0).uniform()),
    ];
    for (const numbers of streams) {
      const cells = new Array(20).fill(0);
      for (const value of numbers) cells[Math.floor(20 * value)] += 1;
      const chiSquared = cells.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
      // 19 degrees of freedom: 60 is passed by chance in three of a million.
      expect(chiSquared).toBeLessThan(60);
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      let correlation = 0;
      for (let i = 1; i < numbers.length; i++) {
        correlation += ((numbers[i] as number) - mean) * ((numbers[i - 1] as number) - mean);
      }
      expect(Math.abs((12 * correlation) / numbers.length)).toBeLessThan(5 / Math.sqrt(40_000));
    }
  });

  test('addNoise adds the numbers of uniform, and goes on after them', () => {
    const samples = new Float32Array(100);
    const [noise, plain] = [new Draws(1, 'item', 0, 0), new Draws(1, 'item', 0, 0)];
    noise.addNoise(samples, 0.5);
    expect(samples).toEqual(Float32Array.from(many(plain, 100), (value) => value - 0.5));
    expect(noise.uniform()).toBe(plain.uniform());
  });

  test('permutation: every number once; a part of it is the beginning of the whole', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 300 }), fc.nat(300), (key, length, part) => {
        const whole = new Draws(key, 'order', 0, 0).permutation(length);
        expect([...whole].sort((a, b) => a - b)).toEqual(
          Array.from({ length }, (_, index) => index),
        );
        const count = Math.min(part, length);
        const beginning = new Draws(key, 'order', 0, 0).permutation(length, count);
        expect([...beginning]).toEqual([...whole.subarray(0, count)]);
      }),
    );
  });

  test('permutation: every order is as likely', () => {
    const counts = new Map<string, number>();
    for (let item = 0; item < 24_000; item++) {
      const order = new Draws(3, 'order', 0, item).permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(70);
  });
});
