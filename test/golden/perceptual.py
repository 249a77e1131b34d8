"""Prints perceptual.json: PESQ, STOI, ESTOI and CDPAM of pairs of signals, by the Python packages.

    python3 test/golden/perceptual.py [folder of recordings] > test/golden/perceptual.json

Needs numpy, soundfile, pesq 0.0.4, pystoi 0.4.1, cdpam 0.0.6; the tests need none of them. Each pair is a source
(a file, and the samples taken of it) and a degradation: another file, or a recipe, which
test/metrics/degrade.ts follows to the last bit. The folder of recordings adds pairs of sources that are not
in this repository; the tests leave those out where it is missing.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pesq
import pystoi
import soundfile
import torch

sys.path.append(str(Path(__file__).parents[1] / "metrics"))
from noise import noise  # noqa: E402

warnings.filterwarnings("ignore")
np.random.seed(0)
HERE = Path(__file__).parent / "speech"
RECORDINGS = Path(sys.argv[1]) if len(sys.argv) > 1 else None


def delayed(x, samples):
    return np.concatenate([np.zeros(samples), x])[: len(x)]


def gaps(x, every, length):
    y = x.copy()
    for start in range(every, len(x), every):
        y[start : start + length] = 0
    return y


def moving_average(x, width):
    sums = np.cumsum(np.concatenate([np.zeros(width), x]))
    return (sums[width:] - sums[:-width]) / width


RECIPES = {
    "noise": lambda x, level, seed: x + level * noise(len(x), seed),
    "clip": lambda x, level: np.clip(x, -level, level),
    "overdrive": lambda x, gain: np.clip(gain * x, -1, 1),
    "lowPass": lambda x, width: moving_average(x, width),
    "delay": delayed,
    "gaps": gaps,
    "gain": lambda x, factor: factor * x,
    "quantise": lambda x, bits: np.floor(x * 2**bits + 0.5) / 2**bits,
    "echo": lambda x, gain, samples: x + gain * delayed(x, samples),
    "offset": lambda x, value: x + value,
}

ALL = [
    ["gain", 1], ["gain", 0.25],
    *[["noise", level, 7] for level in (0.0005, 0.002, 0.01, 0.03, 0.1, 0.3)],
    ["clip", 0.3], ["clip", 0.1], ["clip", 0.02], ["overdrive", 10],
    ["lowPass", 3], ["lowPass", 8], ["lowPass", 20],
    *[["delay", samples] for samples in (1, 37, 400, 1600, 4000, 8000)],
    ["gaps", 8000, 400], ["gaps", 4000, 1600], ["gaps", 1000, 160],
    ["quantise", 7], ["quantise", 5], ["quantise", 3],
    ["echo", 0.5, 800], ["echo", 0.9, 4000], ["offset", 0.05],
]


def read(path, start, samples):
    x, rate = soundfile.read(path, dtype="float32", start=start, frames=samples)
    return x, rate


def halved(x):
    """The mean of each two neighbours, as a recording at half the rate."""
    return ((x[0::2].astype(np.float64) + x[1::2]) / 2).astype(np.float32)


def score(mode, rate, x, y):
    try:
        return float(pesq.pesq(rate, x, y, mode))
    except pesq.NoUtterancesError:
        return None


CDPAM = None


def cdpam_distance(x, y):
    global CDPAM
    if CDPAM is None:
        load = torch.load
        torch.load = lambda *args, **kwargs: load(*args, **{**kwargs, "weights_only": False})
        import cdpam

        CDPAM = cdpam.CDPAM(dev="cpu")
    audio = lambda s: np.float32(np.round(s.astype(np.float64) * 32_768))[None]
    with torch.no_grad():
        return CDPAM.forward(audio(x), audio(y)).item()


def estoi(x, y, rate, name):
    """The package adds noise, so that where a band of a segment is exact silence its score is a draw: then
    the mean of several, and how far they are apart."""
    draws = [pystoi.stoi(x, y, rate, extended=True) for _ in range(3)]
    spread = max(draws) - min(draws)
    if spread < 1e-10:
        return {name: float(draws[0])}
    draws += [pystoi.stoi(x, y, rate, extended=True) for _ in range(13)]
    return {name: float(np.mean(draws)), f"{name}Spread": float(max(draws) - min(draws))}


def measured(x, y, rate, scores):
    wide = [s.astype(np.float64) for s in (x, y)]
    found = {}
    if "pesq" in scores:
        found["pesq"] = score("wb", rate, x, y)
    if "narrow" in scores:
        found["narrow"] = score("nb", rate, x, y)
    if "half" in scores:
        found["half"] = score("nb", rate // 2, halved(x), halved(y))
    if "stoi" in scores:
        found["stoi"] = float(pystoi.stoi(*wide, rate))
        found |= estoi(*wide, rate, "estoi")
    if "stoi10" in scores:
        found["stoi10"] = float(pystoi.stoi(*wide, 10_000))
        found |= estoi(*wide, 10_000, "estoi10")
    if "cdpam" in scores:
        found["cdpam"] = cdpam_distance(x, y)
    return found


def pairs():
    speech = ["speech-1", "speech-2"]
    every = {"pesq", "narrow", "half", "stoi", "stoi10"}
    for name in speech:
        for recipe in ALL:
            yield f"{name}.flac", 0, 48_000, recipe, every
    for name in "mp3 opus vorbis gsm mulaw g722 adpcm kan siren".split():
        yield "speech-1.flac", 0, 48_000, f"speech-1-{name}.flac", every
    for recipe in ALL[::3]:
        yield "clip.flac", 0, 32_768, recipe, {"stoi"}
    for recipe in (["noise", 0.01, 7], ["clip", 0.1], ["lowPass", 8], ["delay", 37], ["quantise", 5]):
        yield "clip.flac", 12_000, 6_000, recipe, {"cdpam"}
    if RECORDINGS is not None:
        chosen = 0
        for path in sorted((RECORDINGS / "vctk16k").rglob("*.wav")):
            for _ in range(5):
                recipe = ALL[chosen % len(ALL)]
                chosen += 1
                yield str(path.relative_to(RECORDINGS)), 8_000, 40_000, recipe, {"pesq", "narrow"}
        for path in sorted((RECORDINGS / "ljspeech" / "wavs").glob("*.wav"))[:10]:
            recipe = ALL[chosen % len(ALL)]
            chosen += 5
            yield str(path.relative_to(RECORDINGS)), 11_025, 32_768, recipe, {"stoi"}


entries = []
for file, start, samples, degradation, scores in pairs():
    path = HERE / file
    shared = not path.exists()
    x, rate = read(RECORDINGS / file if shared else path, start, samples)
    if isinstance(degradation, str):
        y, _ = read(HERE / degradation, start, samples)
    else:
        name, *settings = degradation
        y = RECIPES[name](x.astype(np.float64), *settings).astype(np.float32)
    entries.append(
        {
            "source": file,
            **({"shared": True} if shared else {}),
            "start": start,
            "samples": samples,
            "degradation": degradation,
            "scores": measured(x, y, rate, scores),
        }
    )
made_with = {
    "numpy": np.__version__,
    "pesq": "0.0.4",
    "pystoi": pystoi.__version__,
    "cdpam": "0.0.6",
    "torch": torch.__version__.split("+")[0],
}
lines = ",\n".join("  " + json.dumps(entry) for entry in entries)
print(f'{{"madeWith": {json.dumps(made_with)},\n"pairs": [\n{lines}\n]}}')
