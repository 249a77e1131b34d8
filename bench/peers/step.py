"""One optimisation step in PyTorch, written from the papers' formulas: the peer of `bench kan-step` and `kan-scale`.

    python step.py MODEL MODE THREADS ROUND_STEPS [SAMPLES [GRID [DEVICE]]]     MODEL kan|mlp, MODE eager|compiled
"""

import math
import sys

import torch
from torch import nn

from dense_kan import Encoding, dense_kan
from rounds import serve

SAMPLE_RATE = 22_050


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
    samples = int(sys.argv[5]) if len(sys.argv) > 5 else 32_768
    grid = int(sys.argv[6]) if len(sys.argv) > 6 else 10
    device = sys.argv[7] if len(sys.argv) > 7 else "cpu"
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    torch.set_default_device(device)
    t = torch.linspace(-1, 1, samples).unsqueeze(1)
    target = (t[:, 0] * 800).sin() * (t[:, 0] * 3).cos() * 0.5
    network = mlp() if model_name == "mlp" else dense_kan(grid)
    loss = Loss(target)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    forward = torch.compile(network) if mode == "compiled" else network

    def step():
        optimizer.zero_grad()
        loss(forward(t)[:, 0]).backward()
        optimizer.step()

    parameters = sum(p.numel() for p in network.parameters())
    on_gpu = device.startswith("cuda")
    gpu = torch.cuda.get_device_name() if on_gpu else None
    wait = torch.cuda.synchronize if on_gpu else None
    serve(step, int(round_steps), wait, parameters=parameters, gpu=gpu)


main()
