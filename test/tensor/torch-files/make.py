"""Writes the checkpoints of this folder: python3 test/tensor/torch-files/make.py

Made with PyTorch 2.13.0 and NumPy 2.4.6 (for numpy.pth alone). expected.json says what each holds: by
the path of each tensor its dtype, shape, strides and elements as PyTorch has them.
Those before 1.6 ("legacy") name storages by their addresses and differ at each run. The files refused_*.pth hold what
PyTorch has and fewsound has not. The files malicious_*.pth ask for a command to be run, which would write a file "fewsound-was-here" to the
working folder. Here they are only written.
"""

import collections
import io
import json
import os
import pickle
import struct
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


def containers():
    """Plain containers and values beside lists and dicts."""
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [30, 30, 80])
    return {
        "lr_schedulers": [schedule.state_dict()],
        "callbacks": {"seen": {3, 1, 2}, "names": {"a"}, "nothing": set()},
        "counts": collections.Counter("abracadabra"),
        "ordered": collections.OrderedDict(b=1, a=2),
        "complex": 1.5 - 2j,
        "state": bytearray(b"\x00\xffab"),
        "empty": bytearray(),
        "size": torch.Size([2, 3]),
        "layout": torch.sparse_coo,
        "scheme": torch.per_tensor_affine,
        "dtypes": [torch.float8_e4m3fn, torch.uint64],
        "keys": {(1, "a"): 1, None: 2, b"c": 3, 1.5: 4, torch.float32: 5, (2,): 6},
        "in_a_set": {torch.ones(2)},
    }


def more_containers():
    """What torch.load(weights_only=True) refuses, though nothing of it can do anything."""
    return {
        "missing": collections.defaultdict(list, a=[torch.ones(1)]),
        "frozen": frozenset([1]),
        "bytes": b"",
        "nested": collections.defaultdict(collections.OrderedDict),
    }


def classes():
    """Tensors that are more than tensors to PyTorch."""
    parameter = torch.nn.Parameter(torch.arange(3.0))
    parameter.is_shared = True
    module = torch.nn.Module()
    module.window = torch.nn.Buffer(torch.arange(2.0))
    module.weight = parameter
    return {"module": module.state_dict(), "buffer": module.window, "parameter": parameter}


def old_classes():
    """Pickles as older versions of PyTorch wrote them, by hand: tensors whose elements come by BUILD."""

    def storage(kind, key, elements):
        return f"(X\x07\x00\x00\x00storagec{kind}\nX\x01\x00\x00\x00{key}X\x03\x00\x00\x00cpuK{elements}tQ"

    float_state = f"({storage('torch' + chr(10) + 'FloatStorage', '0', chr(4))}K\x00K\x02K\x02\x86K\x02K\x01\x86t"
    cuda_tensor = f"ctorch._utils\n_rebuild_tensor\n({storage('torch.cuda' + chr(10) + 'LongStorage', '1', chr(2))}K\x00K\x02\x85K\x01\x85tR"
    code = "".join(
        [
            "\x80\x02](",
            f"ctorch\nFloatTensor\n)R{float_state}b",
            f"ctorch\nTensor\n)\x81q\x01{float_state}bh\x01",
            f"ctorch.nn.parameter\nParameter\n{cuda_tensor}\x89\x86\x81",
            f"ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n({cuda_tensor}ctorch\nint64\nX\x03\x00\x00\x00cpu\x89tR",
            "e.",
        ]
    )
    with zipfile.ZipFile(HERE / "old_classes.pth", "w") as file:
        for name, data in {
            "data.pkl": code.encode("latin1"),
            "version": b"3\n",
            "data/0": struct.pack("<4f", 0, 1, 2, 3),
            "data/1": struct.pack("<2q", -7, 8),
        }.items():
            file.writestr(zipfile.ZipInfo(f"archive/{name}"), data)
    return torch.load(HERE / "old_classes.pth", weights_only=True)


def normalized():
    """Layers whose weights are kept in parts, and the weights that PyTorch makes of them."""
    utils, new = torch.nn.utils, torch.nn.utils.parametrizations
    layers = {
        "weight": utils.weight_norm(torch.nn.Conv1d(2, 3, 4)),
        "weight_new": new.weight_norm(torch.nn.Conv1d(2, 3, 4)),
        "spectral": utils.spectral_norm(torch.nn.Conv1d(2, 3, 4)),
        "spectral_new": new.spectral_norm(torch.nn.Conv1d(2, 3, 4)),
        "linear": new.spectral_norm(torch.nn.Linear(4, 3)),
        "transposed": utils.spectral_norm(torch.nn.ConvTranspose1d(2, 3, 4)),
        "transposed_new": new.spectral_norm(torch.nn.ConvTranspose1d(2, 3, 4)),
        "square": utils.spectral_norm(torch.nn.Conv1d(3, 3, 4), n_power_iterations=5),
        "square_transposed": utils.spectral_norm(
            torch.nn.ConvTranspose1d(3, 3, 4), n_power_iterations=5
        ),
    }
    net = torch.nn.ModuleDict(layers)
    for name, layer in layers.items():
        layer(torch.randn(1, 4) if name == "linear" else torch.randn(1, layer.in_channels, 8))
    net.eval()
    for name, layer in layers.items():
        layer(torch.randn(1, 4) if name == "linear" else torch.randn(1, layer.in_channels, 8))
    whole = {name: layer.weight.detach().clone() for name, layer in layers.items()}
    return {"state_dict": net.state_dict(), "optimizer": {"whole": whole}}


def refused():
    """What PyTorch has and fewsound does not; the names of the files say it."""
    ones = torch.ones(4)
    for name, value in {
        "qint8": torch.quantize_per_tensor(ones, 0.1, 0, torch.qint8),
        "float8_e4m3fn": ones.to(torch.float8_e4m3fn),
        "complex32": ones.to(torch.complex32),
        "uint64": ones.to(torch.uint64),
        "sparse": ones.to_sparse(),
        "meta": ones.to("meta"),
        "nested": torch.nested.nested_tensor([ones, ones]),
        "lazy": torch.nn.LazyLinear(2).state_dict(),
    }.items():
        torch.save({"weight": value}, HERE / f"refused_{name}.pth")


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
    elif isinstance(value, (list, tuple, set)):
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

    if numpy is None:
        known = json.loads((HERE / "expected.json").read_text())
        expected.update({name: known[name] for name in ("numpy.pth", "numpy_4.pth")})
    else:
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
    save("containers.pth", containers(), expected)
    save("containers_legacy.pth", containers(), expected, **legacy)
    save("containers_5.pth", containers(), expected, pickle_protocol=5)
    save("more_containers.pth", more_containers(), expected)
    save("more_containers_4.pth", more_containers(), expected, pickle_protocol=4)
    save("classes.pth", classes(), expected)
    expected["old_classes.pth"] = described(old_classes(), "", {})
    refused()
    save("normalized.pth", normalized(), expected)
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


main()
