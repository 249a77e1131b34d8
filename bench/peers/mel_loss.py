"""The reconstruction loss in PyTorch, written from the papers' formulas."""

import math

import torch
from torch import nn

SAMPLE_RATE = 22_050


def slaney_filterbank(bins, mels):
    def to_mel(f):
        return 15 + 27 * math.log(f / 1000) / math.log(6.4) if f >= 1000 else f * 3 / 200

    def to_hertz(m):
        return 1000 * 6.4 ** ((m - 15) / 27) if m >= 15 else m * 200 / 3

    top = to_mel(SAMPLE_RATE / 2)
    edges = torch.tensor([to_hertz(top * i / (mels + 1)) for i in range(mels + 2)])
    hertz = torch.linspace(0, SAMPLE_RATE / 2, bins)
    rise = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return torch.minimum(rise, fall).clamp(min=0) * area[:, None]


class MelLoss(nn.Module):
    """L1 and the distance of mel spectrograms at five resolutions."""

    def __init__(self):
        super().__init__()
        self.sizes = [2048, 1024, 512, 256, 128]
        self.windows = [torch.hann_window(n) for n in self.sizes]
        self.filters = [slaney_filterbank(n // 2 + 1, 128) for n in self.sizes]

    def mels(self, x):
        return [self.mel(x, i) for i in range(len(self.sizes))]

    def mel(self, x, i):
        n = self.sizes[i]
        spectrum = torch.stft(x, n, n // 4, n, self.windows[i], return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return self.filters[i] @ power.clamp(min=1e-8).sqrt()

    def forward(self, estimate, target, target_mels=None):
        """`target_mels`: those of a target that does not change, from `mels`."""
        loss = (estimate - target).abs().mean()
        for i, mel in enumerate(target_mels or self.mels(target)):
            difference = self.mel(estimate, i) - mel
            error = difference.abs().mean() + difference.square().mean().sqrt()
            loss = loss + error / len(self.sizes)
        return loss
