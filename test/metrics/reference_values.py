"""Prints reference-values.json: the metrics of three made-up signal pairs, by torch and scipy.

    python reference_values.py > reference-values.json

The formulas are written out here once more, on other libraries: torch.stft in float64 for LSD,
torchmetrics' definitions with its float32 epsilon for SNR and SI-SNR, scipy's wasserstein_distance.
"""

import json

import numpy as np
import scipy
import torch
from noise import noise
from scipy.stats import wasserstein_distance

RATE = 22_050
EPSILON = 2.0**-23


def tone(length, frequency):
    return np.sin(2 * np.pi * frequency * np.arange(length) / RATE)


def pairs():
    base = 0.6 * tone(4096, 440) + 0.2 * noise(4096, 1)
    yield "noisy", base, base + 0.05 * noise(4096, 2)
    yield "quiet-and-shifted", base, 0.3 * base + 0.1
    odd = 0.1 + 0.4 * noise(3001, 3)
    yield "odd-length", odd, 0.5 * odd + 0.2 * noise(3001, 4)


def spectrum(signal):
    size, hop = int(2048 * RATE / 44_100), int(RATE / 100)
    window = torch.hann_window(size, dtype=torch.float64)
    transform = torch.stft(
        torch.from_numpy(signal), size, hop, window=window, center=True, pad_mode="constant",
        return_complex=True,
    )
    return transform.abs()


def measure(reference, degraded):
    error = np.mean((reference - degraded) ** 2)
    span = max(reference.max(), 0) - min(reference.min(), 0)
    target, estimate = reference - reference.mean(), degraded - degraded.mean()
    scale = (np.sum(target * estimate) + EPSILON) / (np.sum(target**2) + EPSILON)
    projection = scale * target
    ratio = lambda signal, rest: 10 * np.log10(
        (np.sum(signal**2) + EPSILON) / (np.sum(rest**2) + EPSILON)
    )
    t, p = spectrum(reference), spectrum(degraded)
    log = torch.log10(t**2 / (p + 1e-12) ** 2 + 1e-12) ** 2
    support = np.arange(len(reference), dtype=np.float64) ** 2
    a, b = np.abs(np.fft.fft(reference)), np.abs(np.fft.fft(degraded))
    return {
        "mse": error,
        "mae": np.mean(np.abs(reference - degraded)),
        "psnr": 10 * np.log10(span**2 / error),
        "snr": ratio(reference, reference - degraded),
        "siSnr": ratio(projection, projection - estimate),
        "lsd": log.mean(-2).sqrt().mean(-1).item(),
        "wd": wasserstein_distance(support, support, a / a.sum(), b / b.sum()) / len(reference),
    }


values = {
    name: {k: float(v) for k, v in measure(*(x.astype(np.float32).astype(np.float64) for x in pair)).items()}
    for name, *pair in pairs()
}
made_with = {"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__}
print(json.dumps({"madeWith": made_with, "values": values}, indent=2))
