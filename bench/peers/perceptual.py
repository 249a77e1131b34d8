"""PESQ, STOI, ESTOI or CDPAM of a pair by the Python packages: perceptual.py METRIC SAMPLES RATE THREADS ROUND_STEPS."""

import sys
from pathlib import Path

import numpy as np
import torch
from rounds import serve

sys.path.append(str(Path(__file__).parents[2] / "test" / "metrics"))
from noise import noise  # noqa: E402

metric, samples, rate, threads, steps = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)

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
