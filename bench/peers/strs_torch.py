"""Response spectra of many recordings in PyTorch: a peer of `bench strs`.

    python strs_torch.py THREADS RECORDINGS SAMPLES FILTERS LENGTH STRIDE BINS BATCH

The sum of Eq. 1 is one complex product, for as many recordings at once as BATCH says.
"""

import sys

import torch

from rounds import serve


def response_spectra(recordings, filters, stride, bins):
    length = filters.shape[1]
    low, high = recordings.amin(1, keepdim=True), recordings.amax(1, keepdim=True)
    x = (recordings - low) / (high - low) * 0.2 - 0.1
    x = torch.nn.functional.pad(x.unsqueeze(1), (0, length - 1))
    responses = torch.nn.functional.conv1d(x, filters.unsqueeze(1), stride=stride)  # [batch, filters, frames]
    spectra = torch.fft.rfft(filters, 2 * bins)  # [filters, bins + 1]
    strs = torch.matmul(spectra.T, responses.to(spectra.dtype)).abs()
    return strs, strs.mean(2)


def main():
    threads, recordings, samples, filters, length, stride, bins, batch = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    signals = torch.randn(recordings, samples)
    bank = torch.randn(filters, length) / length

    def step():
        for first in range(0, recordings, batch):
            response_spectra(signals[first : first + batch], bank, stride, bins)

    serve(step, 1)


main()
