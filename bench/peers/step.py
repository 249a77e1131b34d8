"""One optimization step in PyTorch, written from the papers' formulas: the peer of `bench nets-step` and `kan-scale`.

    python step.py MODEL MODE THREADS ROUND_STEPS [SAMPLES [GRID [DEVICE]]]     MODEL kan|nerf|siren|rff|finer|wire,
    MODE eager|compiled
"""

import sys

import torch

from mel_loss import MelLoss
from networks import network as network_of
from rounds import serve


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
    network = network_of(model_name, grid)
    loss = MelLoss()
    mels = loss.mels(target)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    forward = torch.compile(network) if mode == "compiled" else network

    def step():
        optimizer.zero_grad()
        loss(forward(t)[:, 0], target, mels).backward()
        optimizer.step()

    parameters = sum(p.numel() for p in network.parameters())
    on_gpu = device.startswith("cuda")
    gpu = torch.cuda.get_device_name() if on_gpu else None
    wait = torch.cuda.synchronize if on_gpu else None
    serve(step, int(round_steps), wait, parameters=parameters, gpu=gpu)


main()
