"""The networks in PyTorch, written from the papers' formulas, of about 33,000 numbers each."""

import math

import torch
from torch import nn

from dense_kan import Encoding, dense_kan

HIDDEN = [90, 90, 90, 90, 70, 1]


def linear(width_in, width_out, bound, bias_bound=None, dtype=None):
    layer = nn.Linear(width_in, width_out, dtype=dtype)
    nn.init.uniform_(torch.view_as_real(layer.weight) if dtype else layer.weight, -bound, bound)
    if bias_bound is not None:
        nn.init.uniform_(layer.bias, -bias_bound, bias_bound)
    return layer


def rectified(features):
    layers = []
    for a, b in zip([features, *HIDDEN], HIDDEN):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return layers[:-1]


class Fourier(nn.Module):
    """Random Fourier features."""

    def __init__(self, count, sigma=10.0):
        super().__init__()
        self.register_buffer("projection", torch.randn(1, count) * sigma * 2 * math.pi)

    def forward(self, t):
        phases = t @ self.projection
        return torch.cat([phases.cos(), phases.sin()], dim=-1)


class Sines(nn.Module):
    """SIREN, or FINER with its factor |x| + 1."""

    def __init__(self, omega0, omega, finer):
        super().__init__()
        self.omegas = [omega0] + [omega] * (len(HIDDEN) - 1)
        self.finer = finer
        widths = zip([1, *HIDDEN], HIDDEN, self.omegas)
        self.layers = nn.ModuleList(
            linear(a, b, 1.0 if i == 0 else math.sqrt(6 / a) / (omega if finer else omega0),
                   5.0 if finer and i == 0 else None)
            for i, (a, b, omega) in enumerate(widths)
        )

    def forward(self, x):
        for i, (layer, omega) in enumerate(zip(self.layers, self.omegas)):
            x = x if i == 0 else x.sin()
            x = layer(omega * ((x.detach().abs() + 1) * x if self.finer else x))
        return x


class Wavelets(nn.Module):
    """WIRE: complex Gabor wavelets, the first layer real."""

    def __init__(self, omega=10.0, scale=10.0):
        super().__init__()
        self.omega = omega
        self.scale = scale
        self.layers = nn.ModuleList(
            linear(a, b, 1 / math.sqrt(a), dtype=torch.cfloat if i > 0 else None)
            for i, (a, b) in enumerate(zip([1, *HIDDEN], HIDDEN))
        )

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x)
            x = torch.exp(1j * self.omega * x - (self.scale * x.abs()).square())
        return self.layers[-1](x).real


def network(kind, grid):
    if kind == "kan":
        return dense_kan(grid)
    if kind == "nerf":
        return nn.Sequential(Encoding(12), *rectified(24))
    if kind == "rff":
        return nn.Sequential(Fourier(45), *rectified(90))
    if kind == "siren":
        return Sines(2000.0, 30.0, finer=False)
    if kind == "finer":
        return Sines(30.0, 30.0, finer=True)
    return Wavelets()
