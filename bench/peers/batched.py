"""Forward and backward of KANs with weights of their own, side by side: the peer of `bench kan-batched`.

    python batched.py THREADS ROUND_STEPS NETWORKS SAMPLES
"""

import sys

import torch

from dense_kan import dense_kan
from rounds import serve


def main():
    threads, round_steps, networks, samples = [int(given) for given in sys.argv[1:5]]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    # All networks see the same times, so the first layer's bases are computed once.
    t = torch.linspace(-1, 1, samples).view(1, samples, 1)
    network = dense_kan(networks=networks)
    weights = list(network.parameters())

    def step():
        torch.autograd.grad(network(t).square().mean(), weights)

    serve(step, round_steps, parameters=sum(w.numel() for w in weights))


main()
