import { Fourier } from '../../lib/studio/page/fft';
import { noise } from '../metrics/noise';

// The page draws spectrograms by it, many times a second.
it.each([4, 16, 1024])("the page's Fourier transform of %i is the sum that defines it", (size) => {
  const [real, imaginary] = [1, 2].map((seed) => Float64Array.from(noise(size, seed))) as [
    Float64Array,
    Float64Array,
  ];
  const fourier = new Fourier(size);
  // A second one does not meet what is left of the first.
  fourier.transform(real.slice(), real.slice());
  const [re, im] = fourier.transform(real.slice(), imaginary.slice());
  for (let bin = 0; bin < size; bin += size / 4 + 1) {
    let [a, b] = [0, 0];
    for (let i = 0; i < size; i++) {
      const angle = (-2 * Math.PI * ((i * bin) % size)) / size;
      a += (real[i] as number) * Math.cos(angle) - (imaginary[i] as number) * Math.sin(angle);
      b += (real[i] as number) * Math.sin(angle) + (imaginary[i] as number) * Math.cos(angle);
    }
    expect(re[bin]).toBeCloseTo(a, 9);
    expect(im[bin]).toBeCloseTo(b, 9);
  }
});
