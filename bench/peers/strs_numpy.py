"""Response spectra of many recordings in NumPy: a peer of `bench strs`.

    python strs_numpy.py RECORDINGS SAMPLES FILTERS LENGTH STRIDE BINS

The sum of Eq. 1 is one complex product for each recording.
"""

import sys

import numpy as np

from rounds import serve


def response_spectra(x, filters, stride, bins):
    length = filters.shape[1]
    x = (x - x.min()) / (x.max() - x.min()) * np.float32(0.2) - np.float32(0.1)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, length - 1)), length)[::stride]
    responses = filters @ frames.T  # [filters, frames]
    spectra = np.fft.rfft(filters, 2 * bins).astype(np.complex64)  # [filters, bins + 1]
    strs = np.abs(spectra.T @ responses.astype(np.complex64))
    return strs, strs.mean(1)


def main():
    recordings, samples, filters, length, stride, bins = map(int, sys.argv[1:])
    random = np.random.default_rng(0)
    signals = random.standard_normal((recordings, samples), dtype=np.float32)
    bank = random.standard_normal((filters, length), dtype=np.float32) / length

    def step():
        for signal in signals:
            response_spectra(signal, bank, stride, bins)

    serve(step, 1)


main()
