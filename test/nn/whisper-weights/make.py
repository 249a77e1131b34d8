"""Writes small.pt: python3 test/nn/whisper-weights/make.py

A checkpoint as OpenAI's Whisper has them (`dims` and `model_state_dict` in float16, its names, a decoder beside
the encoder), of 6 channels in 2 layers with 5 mel bands. Made with PyTorch 2.13.0.
"""

from pathlib import Path

import torch

torch.manual_seed(5)
CHANNELS, LAYERS, MELS = 6, 2, 5


def affine(name, shape, bias=True):
    yield f"{name}.weight", torch.randn(shape) / shape[-1]
    if bias:
        yield f"{name}.bias", torch.randn(shape[0]) / 10


def encoder():
    yield "positional_embedding", torch.randn(1500, CHANNELS)
    yield from affine("conv1", (CHANNELS, MELS, 3))
    yield from affine("conv2", (CHANNELS, CHANNELS, 3))
    for i in range(LAYERS):
        for part in ("query", "key", "value", "out"):
            yield from affine(f"blocks.{i}.attn.{part}", (CHANNELS, CHANNELS), bias=part != "key")
        yield from affine(f"blocks.{i}.attn_ln", (CHANNELS,))
        yield from affine(f"blocks.{i}.mlp.0", (4 * CHANNELS, CHANNELS))
        yield from affine(f"blocks.{i}.mlp.2", (CHANNELS, 4 * CHANNELS))
        yield from affine(f"blocks.{i}.mlp_ln", (CHANNELS,))
    yield from affine("ln_post", (CHANNELS,))


state = {f"encoder.{name}": tensor.half() for name, tensor in encoder()}
state["decoder.token_embedding.weight"] = torch.randn(7, CHANNELS).half()
dims = {"n_mels": MELS, "n_audio_ctx": 1500, "n_audio_state": CHANNELS, "n_audio_head": 3, "n_audio_layer": LAYERS}
torch.save({"dims": dims, "model_state_dict": state}, Path(__file__).with_name("small.pt"))
