"""Writes the checkpoints of this folder: python3 test/tensor/torch-files/make.py

Made with PyTorch 2.13.0 and NumPy 2.4.6 (for numpy.pth alone). expected.json says what each holds: by
the path of each tensor its dtype, shape, strides and elements as PyTorch has them.
The files malicious_*.pth ask for a command to be run, which would write a file "fewsound-was-here" to the
working folder. Here they are only written.
"""

import collections
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import torch

try:
    import numpy
except ImportError:
    numpy = None

HERE = Path(__file__).parent
torch.manual_seed(7)


def network():
    """Linear and batch normalisation: parameters, buffers, and a number of batches of int64."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.BatchNorm1d(4))
    net(torch.randn(8, 3)).sum().backward()
    return net


def checkpoint():
    """What a training leaves: states of a model, an optimiser and a schedule, and numbers."""
    net = network()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    net(torch.randn(8, 3)).square().sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10)
    return {
        "model_state_dict": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epoch": 12,
        "loss": 0.1,
        "best": None,
        "done": False,
        "infinite": float("inf"),
        "seed": 2**63 + 11,
        "negative": -300,
        "name": "größer",
        "history": [0.5, 0.25, (1, 2)],
        "shape": torch.Size([2, 3]),
        "device": torch.device("cuda", 1),
        "dtype": torch.float16,
        "raw": b"\x00\xff!",
        1: "one",
        "__proto__": {"polluted": True},
    }


def tensors():
    """Every dtype, and every way to lie in a storage."""
    base = torch.arange(24.0)
    shared = torch.randn(2, 3)
    return {
        "float32": torch.tensor([1.5, -0.0, float("inf")]),
        "float64": torch.tensor([0.1, -1e300], dtype=torch.float64),
        "float16": torch.tensor([1.0, -2.5, 6e-8, 65504.0], dtype=torch.float16),
        "bfloat16": torch.tensor([1.0, -2.5, 1e38], dtype=torch.bfloat16),
        "int8": torch.tensor([-128, 127], dtype=torch.int8),
        "uint8": torch.tensor([0, 255], dtype=torch.uint8),
        "int16": torch.tensor([-32768, 32767], dtype=torch.int16),
        "uint16": torch.tensor([0, 65535], dtype=torch.uint16),
        "int32": torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32),
        "int64": torch.tensor([-(2**53) + 1, 2**53 - 1]),
        "bool": torch.tensor([True, False, True]),
        "complex64": torch.tensor([1 + 2j, -3j], dtype=torch.complex64),
        "complex128": torch.tensor([0.1 + 0.2j], dtype=torch.complex128),
        "conjugate": torch.tensor([1 + 2j, -3j]).conj(),
        "negative": torch.tensor([1 + 2j, -3j]).conj().imag,
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 5),
        "empty_slice": base[5:5],
        "transposed": base.view(4, 6).t(),
        "strided": base[1::5],
        "middle": base.view(2, 3, 4)[:, 1:, ::2],
        "expanded": torch.tensor([3.0]).expand(2, 4),
        "shared_a": shared,
        "shared_b": shared[1],
        "again": [shared, shared],
        "parameter": torch.nn.Parameter(torch.randn(2)),
        "halves": torch.randn(6).half().view(2, 3).t(),
    }


def described(value, path, into):
    if isinstance(value, torch.Tensor):
        data = value.detach()
        if data.is_complex():
            data = torch.view_as_real(data.resolve_conj())
        kept = value.detach().resolve_conj().resolve_neg()
        into[path or "tensor"] = {
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "strides": list(kept.stride()),
            "elements": [str(x) if x in (float("inf"),) else x for x in data.flatten().tolist()],
        }
    elif isinstance(value, dict):
        for key, item in value.items():
            described(item, f"{path}.{key}" if path else str(key), into)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            described(item, f"{path}.{i}" if path else str(i), into)
    return into


def save(name, value, expected, **options):
    torch.save(value, HERE / name, **options)
    expected[name] = described(value, "", {})


class Call:
    """Is pickled as a call of `function`."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


COMMAND = "echo bad > fewsound-was-here"


def archive(name, data):
    """A file in the zip format with a pickle that PyTorch would not write."""
    with zipfile.ZipFile(HERE / name, "w") as file:
        file.writestr(zipfile.ZipInfo("archive/data.pkl"), data)
        file.writestr(zipfile.ZipInfo("archive/version"), "3\n")


def malicious():
    weights = {"weight": torch.ones(2)}
    torch.save({**weights, "x": Call(os.system, COMMAND)}, HERE / "malicious_reduce.pth")
    torch.save(
        {**weights, "x": Call(os.system, COMMAND)},
        HERE / "malicious_legacy.pth",
        _use_new_zipfile_serialization=False,
        pickle_protocol=4,
    )
    code = pickle.dumps(f"__import__('os').system('{COMMAND}')", 2)[2:-1]
    archive("malicious_newobj.pth", b"\x80\x02cbuiltins\neval\n" + code + b"\x85\x81.")
    archive("malicious_inst.pth", b"(" + code + b"ibuiltins\neval\n.")
    # An object of a class of its own, whose __setstate__ would be called.
    archive("malicious_build.pth", b"\x80\x02c__main__\nModel\n)\x81}b.")
    # BUILD on what may be named, but has no state.
    archive("malicious_setstate.pth", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x0c\x00\x00\x00__setstate__NsbR.")


def main():
    expected = {}
    for protocol in (2, 4, 5):
        save(f"checkpoint_{protocol}.pth", checkpoint(), expected, pickle_protocol=protocol)
    legacy = {"_use_new_zipfile_serialization": False}
    save("checkpoint_legacy.pth", checkpoint(), expected, **legacy)
    save("checkpoint_legacy_4.pth", checkpoint(), expected, pickle_protocol=4, **legacy)
    save("tensors.pth", tensors(), expected)
    save("tensors_legacy.pth", tensors(), expected, **legacy)
    save("tensors_legacy_1.pth", tensors(), expected, pickle_protocol=1, **legacy)
    save("alone.pth", torch.arange(6.0).view(2, 3), expected)
    save("state.pth", network().state_dict(), expected)
    save("list.pth", [torch.ones(2), collections.OrderedDict(a=torch.zeros(1))], expected)
    torch.serialization.set_crc32_options(False)
    save("without_checksums.pth", {"x": torch.arange(4.0)}, expected)
    torch.serialization.set_crc32_options(True)

    # The same checkpoint, deflated.
    with zipfile.ZipFile(HERE / "tensors.pth") as stored:
        with zipfile.ZipFile(HERE / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as file:
            for info in stored.infolist():
                file.writestr(info.filename, stored.read(info))
    expected["deflated.pth"] = expected["tensors.pth"]

    if numpy is not None:
        numbers = {
            "float64": numpy.float64(0.1),
            "float32": numpy.float32(0.5),
            "float16": numpy.float16(1.5),
            "int64": numpy.int64(-5),
            "uint8": numpy.uint8(200),
            "bool": numpy.bool_(True),
            "big": numpy.array([258], dtype=">i4")[0].astype(">i4"),
        }
        save("numpy.pth", numbers, expected)
        save("numpy_4.pth", numbers, expected, pickle_protocol=4)
        torch.save({"x": numpy.zeros(2)}, HERE / "numpy_array.pth")
    malicious()
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


main()
