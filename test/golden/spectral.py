"""Writes the golden tensors of the spectral encoder: python3 test/golden/spectral.py [folder]

Needs torch, numpy, scipy and pyworld; the tests need none of them. The encoder is built of torch.nn's own layers, its
features by the formulas of torchaudio and librosa; tensors are named as in VoiceBlock's checkpoints.
"""

import math

import numpy as np
import pyworld
import torch
from torch import nn
from torch.nn import functional

from generate import DTYPES, TOLERANCE, generator, save

RATE = 16_000
HOP = 256


def voice(samples, seed):
    """Harmonics of a slow glide, with noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / RATE
    phase = 2 * np.pi * (130 + 10 * (seed % 7)) * (t + t**2)
    wave = sum(np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 20))
    wave += 0.05 * rng.standard_normal(samples)
    return wave / np.abs(wave).max()


def spectrum(x, size, hop, mode):
    window = torch.hann_window(size, dtype=x.dtype)
    return torch.stft(x, size, hop, window=window, center=True, pad_mode=mode, return_complex=True)


def mfcc(x, window=1024, mels=32, coefficients=19):
    """torchaudio.transforms.MFCC with log_mels: HTK mels, triangles of height 1, an orthonormal DCT."""
    hertz = torch.linspace(0, RATE / 2, window // 2 + 1, dtype=torch.float64)
    top = 2595 * math.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (torch.linspace(0, top, mels + 2, dtype=torch.float64) / 2595) - 1)
    slopes = edges[:, None] - hertz
    down = -slopes[:-2] / (edges[1:-1] - edges[:-2])[:, None]
    up = slopes[2:] / (edges[2:] - edges[1:-1])[:, None]
    bands = torch.clamp(torch.minimum(down, up), min=0).to(x.dtype)
    n = torch.arange(mels, dtype=torch.float64)
    k = torch.arange(coefficients, dtype=torch.float64)[:, None]
    dct = torch.cos(math.pi / mels * (n + 0.5) * k) * math.sqrt(2 / mels)
    dct[0] /= math.sqrt(2)
    power = spectrum(x, window, window // 2, "reflect").abs() ** 2
    return dct.to(x.dtype) @ torch.log(bands @ power + 1e-6)


def loudness(x):
    """librosa's A-weighting over a spectrogram of 64 samples."""
    f = np.linspace(0, RATE / 2, 33) ** 2
    c = np.array([12194.217, 20.598997, 107.65265, 737.86223]) ** 2
    with np.errstate(divide="ignore"):
        weights = 2.0 + 20.0 * (
            np.log10(c[0])
            + 2 * np.log10(f)
            - np.log10(f + c[0])
            - np.log10(f + c[1])
            - 0.5 * np.log10(f + c[2])
            - 0.5 * np.log10(f + c[3])
        )
    weights = torch.tensor(np.maximum(weights, -80.0)).to(x.dtype)
    level = torch.log(spectrum(x, 64, HOP, "constant").abs() + 1e-7)
    return (level + weights[:, None]).mean(1)[..., None]


def pitch(x):
    found = []
    for signal in x.double().numpy():
        signal = np.ascontiguousarray(signal)
        options = {"f0_floor": 50, "f0_ceil": 550, "frame_period": 1000 * HOP / RATE, "speed": 4}
        frequency, seconds = pyworld.dio(signal, RATE, **options)
        frequency = pyworld.stonemask(signal, frequency, seconds, RATE)
        aperiodicity = pyworld.d4c(signal, frequency, seconds, RATE).mean(1)
        found.append(np.stack([frequency, aperiodicity]))
    frequency, aperiodicity = torch.tensor(np.stack(found)).to(x.dtype).unbind(1)
    return frequency[..., None], aperiodicity[..., None]


class Named(nn.Module):
    """A module under another name."""

    def __init__(self, name, module):
        super().__init__()
        self.add_module(name, module)
        self.inner = name

    def forward(self, x):
        return getattr(self, self.inner)(x)


class Posteriorgram(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(57, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.lstm = nn.LSTM(hidden, hidden, 2, batch_first=True)

    def forward(self, cepstra):
        first = torch.diff(functional.pad(cepstra, (0, 1)))
        second = torch.diff(functional.pad(first, (0, 1)))
        return self.lstm(self.mlp(torch.cat([cepstra, first, second], 1).transpose(1, 2)))[0]


class Encoder(nn.Module):
    def __init__(self, hidden, ppg_hidden, gru):
        super().__init__()
        self.glu = nn.Sequential(nn.Conv1d(257, 2 * hidden, 1), nn.GLU(1))
        layers = []
        for i in range(5):
            norm = Named("bn", nn.BatchNorm1d(hidden)) if i < 4 else nn.Identity()
            layers += [nn.ConstantPad1d((0, 1), 0.0), nn.Conv1d(hidden, hidden, 2), norm, nn.ReLU()]
        self.conv = nn.Sequential(*layers)
        dense = [nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.LeakyReLU()]
        self.mlp = Named("mlp", nn.Sequential(*dense, nn.Linear(hidden, hidden), nn.LayerNorm(hidden)))
        self.ppg_encoder = Posteriorgram(ppg_hidden)
        joined = hidden + ppg_hidden + 3
        self.encoder_proj = nn.ModuleList([Named("bn", nn.BatchNorm1d(joined)), nn.Linear(joined, hidden)])
        self.gru = nn.GRU(hidden, gru, batch_first=True)

    def forward(self, x):
        db = 10 * torch.log10(spectrum(x, 512, HOP, "reflect").abs() ** 2 + 1e-6 + 1e-8)
        encoded = self.mlp(self.conv(self.glu(db)).transpose(1, 2))
        cepstra = mfcc(x)
        ppg = self.ppg_encoder(cepstra)
        frequency, aperiodicity = pitch(x)
        level = loudness(x)
        twice = torch.repeat_interleave(ppg, 2, 1)[:, : encoded.shape[1]]
        joined = torch.cat([encoded, twice, level, frequency, aperiodicity], 2)
        joined = self.encoder_proj[0](joined.transpose(1, 2)).transpose(1, 2)
        out = self.gru(torch.relu(self.encoder_proj[1](joined)))[1][-1]
        shown = {
            "spectrogram_db": db,
            "encoded": encoded,
            "mfcc": cepstra,
            "ppg": ppg,
            "loudness": level,
            "pitch": frequency,
            "periodicity": aperiodicity,
        }
        return out, shown


def spectral_encoder():
    for suffix, dtype in DTYPES.items():
        seed, hidden, ppg_hidden, gru = 230, 4, 3, 5
        torch.manual_seed(seed)
        model = Encoder(hidden, ppg_hidden, gru).to(dtype).eval()
        model.ppg_encoder.requires_grad_(False)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.uniform_(-1, 1)
            if name.endswith("running_var"):
                buffer.uniform_(0.5, 2)
        x = torch.tensor(np.stack([voice(3072, seed + i) for i in range(2)])).to(dtype)
        out, shown = model(x)
        w = torch.randn(out.shape, generator=generator(seed), dtype=torch.float64).to(dtype)
        (out * w).sum().backward()
        state = {name: value for name, value in model.state_dict().items() if value.is_floating_point()}
        save(
            "spectral_encoder" + suffix,
            {
                "x": x,
                **{f"param.{name}": value for name, value in state.items()},
                **shown,
                "out": out,
                "w": w,
                **{f"grad.{n}": p.grad for n, p in model.named_parameters() if p.grad is not None},
            },
            seed,
            TOLERANCE[dtype],
            pyworld=pyworld.__version__,
            hidden=hidden,
            ppg_hidden=ppg_hidden,
            gru=gru,
            sample_rate=RATE,
        )


if __name__ == "__main__":
    spectral_encoder()
