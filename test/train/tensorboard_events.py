"""TensorBoard's own view of event files.

    python tensorboard_events.py write > tensorboard-events.json
        records that TensorBoard's protocol buffers and record writer make, in base64: what the tests
        compare ours with, byte by byte

    python tensorboard_events.py read FOLDER
        what TensorBoard shows of the event files in a folder, as JSON

Needs tensorboard (made with 2.21.0): python -m venv tb && tb/bin/pip install tensorboard
"""

import base64
import hashlib
import io
import json
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.audio.plugin_data_pb2 import AudioPluginData
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

WALL_TIME = 1767323045.25


def record(event):
    event.wall_time = WALL_TIME
    file = io.BytesIO()
    RecordWriter(file).write(event.SerializeToString(deterministic=True))
    return base64.b64encode(file.getvalue()).decode()


def scalars(step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return Event(step=step, summary=summary)


def string_value(tag, plugin, content, shape, strings):
    return Summary.Value(
        tag=tag,
        metadata=SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=content)),
        tensor=TensorProto(
            dtype=DT_STRING,
            tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in shape]),
            string_val=strings,
        ),
    )


def write():
    text = string_value("config", "text", b"", [1], ["| λ | 1e-4 |".encode()])
    wav = AudioPluginData(encoding=AudioPluginData.WAV).SerializeToString()
    audio = string_value("p225/original", "audio", wav, [1, 2], [b"RIFF\x00\xff", b""])
    events = {
        "fileVersion": Event(file_version="brain.Event:2"),
        "sessionStart": Event(step=301, session_log=SessionLog(status=SessionLog.START)),
        "scalars": scalars(300, [("train/loss", 0.1), ("validation/SI-SNR", -3.5), ("zero", 0.0)]),
        "firstStep": scalars(0, [("loss", 1.0)]),
        "manySteps": scalars(2**40 + 200, [("loss", float("nan"))]),
        "audio": Event(step=128, summary=Summary(value=[audio])),
        "text": Event(summary=Summary(value=[text])),
        "long": scalars(1, [("x" * 300, 1.0)]),
    }
    return {
        "made by": f"tensorboard_events.py, tensorboard {tensorboard.__version__}",
        "wallTime": WALL_TIME,
        "records": {name: record(event) for name, event in events.items()},
    }


def shown(accumulator, tag):
    """What `tensorboard` itself shows of a tag: everything is a tensor there."""
    metadata = accumulator.SummaryMetadata(tag)
    plugin = metadata.plugin_data.plugin_name
    values = []
    for event in accumulator.Tensors(tag):
        value = tensor_util.make_ndarray(event.tensor_proto)
        if plugin == "audio":
            encoding = AudioPluginData.FromString(metadata.plugin_data.content).encoding
            media_type = "audio/wav" if encoding == AudioPluginData.WAV else None
            values.append([event.step, media_type, hashlib.sha256(value.flat[0]).hexdigest()])
        else:
            values.append([event.step, value[0].decode() if plugin == "text" else value.item()])
    return [plugin, values]


def read(folder):
    numbers = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    everything = {"audio": 0, "text": 0, "scalars": 0}
    tensors = plugin_event_accumulator.EventAccumulator(folder, tensor_size_guidance=everything).Reload()
    return {
        "scalars": {tag: [[e.step, e.value] for e in numbers.Scalars(tag)] for tag in numbers.Tags()["scalars"]},
        "shown": {tag: shown(tensors, tag) for tag in sorted(tensors.Tags()["tensors"])},
    }


if __name__ == "__main__":
    result = write() if sys.argv[1] == "write" else read(sys.argv[2])
    print(json.dumps(result, indent=2, ensure_ascii=False))
