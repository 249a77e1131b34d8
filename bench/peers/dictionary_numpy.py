"""The geometry of a dictionary in NumPy: a peer of `bench dictionary`.

    python dictionary_numpy.py DIMENSION ATOMS BABEL
"""

import sys

import numpy as np

from rounds import serve


def metrics(atoms, babel):
    unit = atoms / np.linalg.norm(atoms, axis=0)
    eigenvalues = np.linalg.eigvalsh(unit @ unit.T)
    gram = np.abs(unit.T @ unit)
    np.fill_diagonal(gram, 0)
    nearest = np.minimum(gram.max(0), 1)
    largest = np.sort(np.partition(gram, -babel, axis=1)[:, -babel:], axis=1)[:, ::-1]
    sums = largest.cumsum(1).max(0)
    mu_mse = np.sqrt((eigenvalues**2).sum()) / atoms.shape[1]
    return eigenvalues, nearest.max(), nearest.mean(), np.arccos(nearest).mean(), mu_mse, sums


def main():
    dimension, count, babel = map(int, sys.argv[1:])
    atoms = np.random.default_rng(0).standard_normal((dimension, count))
    serve(lambda: metrics(atoms, babel), 1)


main()
