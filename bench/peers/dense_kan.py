"""The dense formulation of a KAN in PyTorch, written from the papers' formulas."""

import math

import torch
from torch import nn


class Encoding(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.register_buffer("frequencies", 2.0 ** torch.arange(length) * math.pi)

    def forward(self, t):
        phases = t * self.frequencies
        return torch.cat([phases.sin(), phases.cos()], dim=-1)


class DenseKanLayer(nn.Module):
    """All grid + order bases of every input by the Cox-de Boor recursion, then one contraction.

    With `networks`, that many sets of weights: [..., samples, in] -> [networks, samples, out], by torch.bmm.
    """

    def __init__(self, width_in, width_out, grid, order, networks=None):
        super().__init__()
        step = 2.0 / grid
        knots = torch.arange(-order, grid + order + 1) * step - 1.0
        self.register_buffer("knots", knots)
        self.order = order
        bound = 1.0 / math.sqrt(width_in)
        noise = 0.1 / grid
        edges = ([] if networks is None else [networks]) + [width_out, width_in]
        self.base = nn.Parameter(torch.empty(edges).uniform_(-bound, bound))
        self.scale = nn.Parameter(torch.empty(edges).uniform_(-bound, bound))
        self.coefficients = nn.Parameter(
            torch.empty(*edges, grid + order).uniform_(-noise / 2, noise / 2)
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

    @staticmethod
    def contract(x, weights):
        if weights.dim() == 2:
            return nn.functional.linear(x, weights)
        return torch.bmm(x.expand(len(weights), -1, -1), weights.transpose(1, 2))

    def forward(self, x):
        base = self.contract(nn.functional.silu(x), self.base)
        weights = (self.coefficients * self.scale.unsqueeze(-1)).flatten(-2)
        return base + self.contract(self.bases(x).flatten(-2), weights)


def dense_kan(grid=10, order=2, networks=None):
    """The paper's: encoding 10, layers 48, 24, 12."""
    widths = [20, 48, 24, 12, 1]
    layers = [DenseKanLayer(a, b, grid, order, networks) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(Encoding(10), *layers)
