"""PESQ, STOI, ESTOI or CDPAM of a pair by the Python packages: perceptual.py METRIC SAMPLES RATE THREADS ROUND_STEPS."""

import sys

import numpy as np
import torch
from rounds import serve

metric, samples, rate, threads, steps = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)


def noise(length, seed):
    values = np.empty(length)
    state = seed
    for i in range(length):
        state = (1_664_525 * state + 1_013_904_223) % 2**32
        values[i] = state / 2**31 - 1
    return values


# The signals of bench/perceptual.ts.
pulse = np.where(np.arange(samples) % (rate // 100) < rate // 400, 0.5, -0.2)
syllable = np.where(np.arange(samples) % (rate // 3) < rate // 4, 1.0, 0.01)
reference = (syllable * (pulse + 0.2 * noise(samples, 1))).astype(np.float32)
degraded = (reference + 0.05 * noise(samples, 2)).astype(np.float32)

if metric == "pesq":
    import pesq

    measure = lambda: pesq.pesq(rate, reference, degraded, "wb" if rate == 16_000 else "nb")
elif metric == "cdpam":
    load = torch.load
    torch.load = lambda *args, **kwargs: load(*args, **{**kwargs, "weights_only": False})
    import cdpam

    model = cdpam.CDPAM(dev="cpu")
    audio = lambda s: np.float32(np.round(s.astype(np.float64) * 32_768))[None]

    def measure():
        with torch.no_grad():
            return model.forward(audio(reference), audio(degraded)).item()
else:
    import pystoi

    wide = [s.astype(np.float64) for s in (reference, degraded)]
    measure = lambda: pystoi.stoi(*wide, rate, extended=metric == "estoi")

serve(measure, steps, score=float(measure()))
