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
from tensorboard.summary.writer.record_writer import RecordWriter

WALL_TIME = 1767323045.25


def record(event):
    event.wall_time = WALL_TIME
    file = io.BytesIO()
    RecordWriter(file).write(event.SerializeToString(deterministic=True))
    return base64.b64encode(file.getvalue()).decode()


def scalars(step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return Event(step=step, summary=summary)


def write():
    audio = Summary.Audio(
        sample_rate=22050, num_channels=1, length_frames=3, encoded_audio_string=b"RIFF\x00\xff", content_type="audio/wav"
    )
    text = Summary.Value(
        tag="config",
        metadata=SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text")),
        tensor=TensorProto(
            dtype=DT_STRING,
            tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
            string_val=["| λ | 1e-4 |".encode()],
        ),
    )
    events = {
        "fileVersion": Event(file_version="brain.Event:2"),
        "sessionStart": Event(step=301, session_log=SessionLog(status=SessionLog.START)),
        "scalars": scalars(300, [("train/loss", 0.1), ("validation/SI-SNR", -3.5), ("zero", 0.0)]),
        "firstStep": scalars(0, [("loss", 1.0)]),
        "manySteps": scalars(2**40 + 200, [("loss", float("nan"))]),
        "audio": Event(step=128, summary=Summary(value=[Summary.Value(tag="p225/original", audio=audio)])),
        "text": Event(summary=Summary(value=[text])),
        "long": scalars(1, [("x" * 300, 1.0)]),
    }
    return {
        "made by": f"tensorboard_events.py, tensorboard {tensorboard.__version__}",
        "wallTime": WALL_TIME,
        "records": {name: record(event) for name, event in events.items()},
    }


def read(folder):
    everything = {"scalars": 0, "audio": 0, "tensors": 0}
    old = EventAccumulator(folder, size_guidance=everything).Reload()
    # What `tensorboard` itself shows goes through this one, where sounds and numbers are tensors.
    new = plugin_event_accumulator.EventAccumulator(folder, tensor_size_guidance={"audio": 0, "text": 0, "scalars": 0}).Reload()
    plugins = {tag: new.SummaryMetadata(tag).plugin_data.plugin_name for tag in new.Tags()["tensors"]}
    return {
        "scalars": {tag: [[e.step, e.value] for e in old.Scalars(tag)] for tag in old.Tags()["scalars"]},
        "audio": {
            tag: [
                [e.step, e.sample_rate, e.length_frames, e.content_type, hashlib.sha256(e.encoded_audio_string).hexdigest()]
                for e in old.Audio(tag)
            ]
            for tag in old.Tags()["audio"]
        },
        "texts": {
            tag: [[e.step, e.tensor_proto.string_val[0].decode()] for e in old.Tensors(tag)] for tag in old.Tags()["tensors"]
        },
        "plugins": {tag: [plugins[tag], [e.step for e in new.Tensors(tag)]] for tag in sorted(plugins)},
    }


if __name__ == "__main__":
    result = write() if sys.argv[1] == "write" else read(sys.argv[2])
    print(json.dumps(result, indent=2, ensure_ascii=False))
