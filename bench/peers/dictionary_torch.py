"""The geometry of a dictionary in PyTorch: a peer of `bench dictionary`.

    python dictionary_torch.py THREADS DIMENSION ATOMS BABEL
"""

import sys

import torch

from rounds import serve


def metrics(atoms, babel):
    unit = atoms / atoms.norm(dim=0, keepdim=True)
    eigenvalues = torch.linalg.eigvalsh(unit @ unit.T)
    gram = (unit.T @ unit).abs()
    gram.fill_diagonal_(0)
    nearest = gram.amax(0).clamp(max=1)
    sums = gram.topk(babel, dim=1).values.cumsum(1).amax(0)
    mu_mse = eigenvalues.square().sum().sqrt() / atoms.shape[1]
    return eigenvalues, nearest.max(), nearest.mean(), nearest.acos().mean(), mu_mse, sums


def main():
    threads, dimension, count, babel = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    atoms = torch.randn(dimension, count, dtype=torch.float64)
    serve(lambda: metrics(atoms, babel), 1)


main()
