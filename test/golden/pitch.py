"""Writes the golden pitches of this folder: python3 test/golden/pitch.py [folder]

Needs numpy, soundfile and pyworld; the tests need none of them. Each file has the pitch and the aperiodicity (the mean
over the frequencies) of a recording in speech/, and its settings as JSON in its metadata, beside them the versions and
the tolerance that the file stands for.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pyworld
import soundfile

HERE = Path(__file__).parent
OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE

# Options by their names in fewsound and in pyworld.
NAMES = {
    "floor": "f0_floor",
    "ceiling": "f0_ceil",
    "framePeriod": "frame_period",
    "bandsPerOctave": "channels_in_octave",
    "decimation": "speed",
    "allowedChange": "allowed_range",
}


def save(name, arrays, **settings):
    """A safetensors file by hand: header length, JSON header, little-endian data."""
    facts = {"pyworld": pyworld.__version__, "numpy": np.__version__, "tolerance": 1e-6, **settings}
    header = {"__metadata__": {key: json.dumps(value) for key, value in facts.items()}}
    data = b""
    for key, array in arrays.items():
        raw = np.ascontiguousarray(array, dtype="<f8").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[key] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = OUT / f"{name}.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(f"{path.name:44} {path.stat().st_size:8} bytes")


def pitch(name, recording, threshold=0.85, **options):
    samples, rate = soundfile.read(HERE / "speech" / recording)
    named = {NAMES[key]: value for key, value in options.items()}
    coarse, seconds = pyworld.dio(samples, rate, **named)
    frequency = pyworld.stonemask(samples, coarse, seconds, rate)
    aperiodicity = pyworld.d4c(samples, frequency, seconds, rate, threshold=threshold).mean(1)
    arrays = {"seconds": seconds, "coarse": coarse, "frequency": frequency, "aperiodicity": aperiodicity}
    save(f"pitch_{name}", arrays, recording=recording, options={**options, "voicedThreshold": threshold})


pitch("default", "speech-1.flac")
pitch("encoder", "speech-2.flac", floor=50.0, ceiling=550.0, decimation=4, framePeriod=16.0)
pitch(
    "decimated",
    "clip.flac",
    floor=90.0,
    ceiling=400.0,
    decimation=6,
    framePeriod=10.0,
    bandsPerOctave=3.0,
    allowedChange=0.2,
    threshold=0.0,
)
