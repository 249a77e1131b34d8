"""One optimisation step in PyTorch, written from the papers' formulas: the peer of `bench kan-step`.

Builds a network, then for every line on standard input runs one timed round and answers with one JSON line.

    python step.py MODEL MODE THREADS ROUND_STEPS     MODEL kan|mlp, MODE eager|compiled
"""

import json
import math
import resource
import sys
import time

import torch
from torch import nn

SAMPLES = 32_768
SAMPLE_RATE = 22_050


class Encoding(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.register_buffer("frequencies", 2.0 ** torch.arange(length) * math.pi)

    def forward(self, t):
        phases = t * self.frequencies
        return torch.cat([phases.sin(), phases.cos()], dim=-1)


class DenseKanLayer(nn.Module):
    """All grid + order bases of every input by the Cox-de Boor recursion, then one contraction."""

    def __init__(self, width_in, width_out, grid, order):
        super().__init__()
        step = 2.0 / grid
        knots = torch.arange(-order, grid + order + 1) * step - 1.0
        self.register_buffer("knots", knots)
        self.order = order
        bound = 1.0 / math.sqrt(width_in)
        self.base = nn.Parameter(torch.empty(width_out, width_in).uniform_(-bound, bound))
        self.scale = nn.Parameter(torch.empty(width_out, width_in).uniform_(-bound, bound))
        noise = 0.1 / grid
        self.coefficients = nn.Parameter(
            torch.empty(width_out, width_in, grid + order).uniform_(-noise / 2, noise / 2)
        )

    def bases(self, x):
        x = x.unsqueeze(-1)
        knots = self.knots
        bases = ((x >= knots[:-1]) & (x < knots[1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            left = (x - knots[: -(k + 1)]) / (knots[k:-1] - knots[: -(k + 1)])
            right = (knots[k + 1 :] - x) / (knots[k + 1 :] - knots[1:-k])
            bases = left * bases[..., :-1] + right * bases[..., 1:]
        return bases

    def forward(self, x):
        base = nn.functional.linear(nn.functional.silu(x), self.base)
        weights = (self.coefficients * self.scale.unsqueeze(-1)).flatten(1)
        return base + nn.functional.linear(self.bases(x).flatten(-2), weights)


def kan():
    widths = [20, 48, 24, 12, 1]
    layers = [DenseKanLayer(a, b, 10, 2) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(Encoding(10), *layers)


def mlp():
    widths = [24, 90, 90, 90, 90, 70, 1]
    layers = [Encoding(12)]
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


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


class Loss(nn.Module):
    def __init__(self, target):
        super().__init__()
        self.target = target
        self.sizes = [2048, 1024, 512, 256, 128]
        self.windows = [torch.hann_window(n) for n in self.sizes]
        self.filters = [slaney_filterbank(n // 2 + 1, 128) for n in self.sizes]
        self.mels = [self.mel(target, i) for i in range(len(self.sizes))]

    def mel(self, x, i):
        n = self.sizes[i]
        spectrum = torch.stft(x, n, n // 4, n, self.windows[i], return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return self.filters[i] @ power.clamp(min=1e-8).sqrt()

    def forward(self, estimate):
        loss = (estimate - self.target).abs().mean()
        for i in range(len(self.sizes)):
            difference = self.mel(estimate, i) - self.mels[i]
            error = difference.abs().mean() + difference.square().mean().sqrt()
            loss = loss + error / len(self.sizes)
        return loss


def main():
    model_name, mode, threads, round_steps = sys.argv[1:5]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    t = torch.linspace(-1, 1, SAMPLES).unsqueeze(1)
    target = (t[:, 0] * 800).sin() * (t[:, 0] * 3).cos() * 0.5
    network = {"kan": kan, "mlp": mlp}[model_name]()
    loss = Loss(target)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    forward = torch.compile(network) if mode == "compiled" else network

    def step():
        optimizer.zero_grad()
        loss(forward(t)[:, 0]).backward()
        optimizer.step()

    for _ in range(2):
        step()
    parameters = sum(p.numel() for p in network.parameters())
    print(json.dumps({"ready": True, "torch": torch.__version__, "parameters": parameters}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(round_steps)):
            step()
        seconds = (time.perf_counter() - start) / int(round_steps)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peakMiB": peak}), flush=True)


main()
