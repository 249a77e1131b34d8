"""Writes the golden tensors of this folder: python3 test/golden/generate.py [folder]

Needs torch, numpy and scipy; the tests need none of them. Each file is a safetensors file with the
settings as JSON in its metadata, beside them the versions, the seed and the tolerance that the file
stands for. A name that ends in `_float64` holds the same case in float64.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import scipy
import torch

import reference

RATE = 22_050
OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
DTYPES = {"": torch.float32, "_float64": torch.float64}

# What each kind of file is held to (relative, in the maximum norm of a tensor; test/conformance): values
# and gradients, then trajectories.
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}
TRAJECTORY_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-6}


def save(name, tensors, seed, tolerance, **settings):
    """A safetensors file by hand: header length, JSON header, little-endian data."""
    names = {torch.float32: "F32", torch.float64: "F64"}
    facts = {
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "seed": seed,
        "tolerance": tolerance,
        **settings,
    }
    header = {"__metadata__": {key: json.dumps(value) for key, value in facts.items()}}
    data = b""
    for key, tensor in tensors.items():
        tensor = torch.as_tensor(tensor).detach().contiguous()
        raw = tensor.numpy().tobytes()
        header[key] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = OUT / f"{name}.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(f"{path.name:44} {path.stat().st_size:8} bytes")


def generator(seed):
    return torch.Generator().manual_seed(seed)


def sound(samples, seed):
    """A voice-like sound: harmonics with a gliding pitch and a moving envelope, and a little noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / RATE
    phase = 2 * np.pi * np.cumsum(180 + 60 * np.sin(2 * np.pi * 9 * t)) / RATE
    wave = sum(np.sin(k * phase + rng.uniform(0, 6)) / k**1.2 for k in range(1, 20))
    wave *= 0.2 + np.sin(np.pi * (np.arange(samples) + 0.5) / samples) ** 2
    wave += 0.02 * rng.standard_normal(samples)
    return wave / np.abs(wave).max()


def bspline_bases():
    for suffix, dtype in DTYPES.items():
        tensors = {}
        for grid, order in [(10, 2), (10, 3), (5, 1), (3, 7), (1, 2), (17, 4)]:
            knots = reference.spline_knots(grid, order, dtype)
            reach = 1.2 + 2.0 * order / grid
            points = torch.linspace(-reach, reach, 61, dtype=torch.float64).to(dtype)
            x = torch.cat([points, knots])
            tensors |= {
                f"g{grid}_k{order}.x": x,
                f"g{grid}_k{order}.knots": knots,
                f"g{grid}_k{order}.bases": reference.spline_bases(x, knots, order),
            }
        save("bspline_bases" + suffix, tensors, None, TOLERANCE[dtype])


def with_gradients(forward, t, weights, seed, prefix):
    """Tensors of a network case: times, weights, output, the weights of a scalar, its gradients."""
    learnable = {
        name: value.clone().requires_grad_()
        for name, value in weights.items()
        if reference.is_learnable(name)
    }
    out = forward(t, weights | learnable)
    w = torch.randn(out.shape, generator=generator(seed), dtype=torch.float64).to(t.dtype)
    (out * w).sum().backward()
    return {
        "x": t,
        **{f"{prefix}.{name}": value for name, value in weights.items()},
        "out": out,
        "w": w,
        **{f"grad.{name}": value.grad for name, value in learnable.items()},
    }


def times(samples, dtype):
    return torch.linspace(-1.0, 1.0, samples, dtype=dtype).unsqueeze(1)


def kan_cases():
    cases = [
        (10, 3, [10, 6], 5, True),
        (10, 2, [8, 6, 4], 4, False),
        (5, 1, [6], 3, True),
        (3, 7, [5], 3, True),
        (1, 2, [6, 4], 3, True),
        (17, 5, [6], 4, True),
    ]
    for seed, (grid, order, layers, encoding, scale_spline) in enumerate(cases, start=100):
        for suffix, dtype in DTYPES.items():
            weights = reference.kan_weights(
                generator(seed), layers, encoding, grid, order, scale_spline, dtype
            )
            forward = lambda t, w: reference.kan(t, w, grid, order)
            widths = "-".join(map(str, layers))
            save(
                f"kan_g{grid}_k{order}_l{widths}_e{encoding}_ss{int(scale_spline)}{suffix}",
                with_gradients(forward, times(129, dtype), weights, seed, "param"),
                seed,
                TOLERANCE[dtype],
                grid=grid,
                order=order,
                layers=layers,
                encoding=encoding,
                scale_spline=scale_spline,
            )


def kan_batched():
    seed, grid, order, layers, encoding, batch = 120, 6, 3, [6, 4], 4, 3
    for suffix, dtype in DTYPES.items():
        weights = reference.kan_weights(
            generator(seed), layers, encoding, grid, order, True, dtype, batch=(batch,)
        )
        frequencies = weights.pop("freq")
        forward = lambda t, w: reference.kan(t, {**w, "freq": frequencies}, grid, order)
        t = torch.stack([times(65, dtype) * factor for factor in (1.0, 0.7, -0.4)])
        save(
            "kan_batched" + suffix,
            with_gradients(forward, t, weights, seed, "weight"),
            seed,
            TOLERANCE[dtype],
            grid=grid,
            order=order,
            layers=layers,
            encoding=encoding,
            batch=batch,
        )


def mlp_family(layers, dtype):
    """name -> (seed, forward, weights, settings)"""
    return {
        "nerf": (
            130,
            reference.nerf,
            lambda g: reference.nerf_weights(g, layers, 7, dtype),
            {"encoding": 7},
        ),
        "siren": (
            131,
            reference.siren,
            lambda g: reference.siren_weights(g, layers, 2000.0, 30.0, dtype),
            {"omega0": 2000, "omega": 30},
        ),
        "finer": (
            132,
            reference.finer,
            lambda g: reference.finer_weights(g, layers, 30.0, 30.0, 5.0, dtype),
            {"omega0": 30, "omega": 30, "bias_scale": 5.0},
        ),
        "rff": (
            133,
            reference.rff,
            lambda g: reference.rff_weights(g, layers, 8, 10.0, dtype),
            {"sigma": 10.0, "frequencies": 8},
        ),
        "wire": (
            134,
            lambda t, w: reference.wire(t, w, 10.0, 10.0, 10.0),
            lambda g: reference.wire_weights(g, layers, dtype),
            {"omega0": 10, "omega": 10, "scale": 10},
        ),
    }


def mlp_cases():
    layers = [16, 16, 12]
    for suffix, dtype in DTYPES.items():
        for name, (seed, forward, draw, settings) in mlp_family(layers, dtype).items():
            save(
                name + suffix,
                with_gradients(forward, times(129, dtype), draw(generator(seed)), seed, "param"),
                seed,
                TOLERANCE[dtype],
                layers=layers,
                **settings,
            )


def mel_stft_loss():
    seed = 140
    cases = {"": (2, 1500, [1024, 256, 128]), "_float64": (1, 1000, [512, 128])}
    mels = 20
    for suffix, (batch, samples, sizes) in cases.items():
        dtype = DTYPES[suffix]
        target = torch.tensor(np.stack([sound(samples, seed + i) for i in range(batch)]))
        noise = torch.randn(target.shape, generator=generator(seed), dtype=torch.float64)
        x = target.to(dtype)
        estimate = (0.8 * target + 0.05 * noise).to(dtype).requires_grad_()
        per_resolution = reference.mel_per_resolution(estimate, x, RATE, sizes, mels)
        loss = per_resolution.mean()
        loss.backward()
        save(
            "mel_stft_loss" + suffix,
            {
                "x": x,
                "xhat": estimate,
                "loss": loss,
                "per_resolution": per_resolution,
                "grad_xhat": estimate.grad,
                **{
                    f"mel.{fft}": reference.mel_filterbank(RATE, fft, mels, dtype)
                    for fft in sizes
                },
            },
            seed,
            TOLERANCE[dtype],
            sample_rate=RATE,
            fft=sizes,
            hop=[fft // 4 for fft in sizes],
            n_mels=mels,
        )


def metrics():
    seed, samples = 150, 4096
    target = torch.tensor(np.stack([sound(samples, seed), 0.5 * sound(samples, seed + 1)]))
    noise = torch.randn(target.shape, generator=generator(seed), dtype=torch.float64)
    target, estimate = target.float(), (0.9 * target + 0.02 * noise + 0.01).float()
    values = reference.metrics(target.double(), estimate.double(), RATE)
    save(
        "metrics",
        {
            "target": target,
            "pred": estimate,
            **{
                f"metric.{name}": torch.tensor(
                    float(value), dtype=torch.float64 if name == "wd" else torch.float32
                )
                for name, value in values.items()
            },
        },
        seed,
        {"float32": TOLERANCE[torch.float32], "float64": TOLERANCE[torch.float64]},
        sample_rate=RATE,
        psnr="range of the target over both rows, zero counted in",
    )


def train(name, rate, forward, draw, dtype, settings, seed):
    sizes, mels, steps, samples = [512, 256, 128], 24, 25, 1536
    target = torch.tensor(sound(samples, seed)).to(dtype).unsqueeze(0)
    t = times(samples, dtype)
    weights = draw(generator(seed))
    initial = {f"init.{key}": value.clone() for key, value in weights.items()}
    learnable = [v.requires_grad_() for k, v in weights.items() if reference.is_learnable(k)]
    optimizer = torch.optim.AdamW(
        learnable, lr=rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
    )
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        estimate = forward(t, weights).reshape(1, -1)
        loss = reference.reconstruction_loss(estimate, target, RATE, sizes, mels)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    save(
        name,
        {
            "x": target,
            "t": t.squeeze(1),
            **initial,
            "losses": torch.tensor(losses, dtype=dtype),
            **{f"final.{key}": value for key, value in weights.items()},
        },
        seed,
        TRAJECTORY_TOLERANCE[dtype],
        optimizer="AdamW betas 0.9 0.999 eps 1e-8 weight_decay 0.01",
        loss="L1 + mean over resolutions of mel-STFT loss",
        lr=rate,
        steps=steps,
        sample_rate=RATE,
        fft=sizes,
        hop=[size // 4 for size in sizes],
        n_mels=mels,
        **settings,
    )


def train_cases():
    rates = {"nerf": 1e-3, "siren": 1e-4, "finer": 5e-4, "rff": 1e-3, "wire": 1e-3}
    layers, kan = [12, 12], {"layers": [8, 6], "encoding": 6, "grid": 8, "order": 3}
    for suffix, dtype in DTYPES.items():
        train(
            "train_kan" + suffix,
            5e-3,
            lambda t, w: reference.kan(t, w, kan["grid"], kan["order"]),
            lambda g: reference.kan_weights(g, **kan, scale_spline=True, dtype=dtype),
            dtype,
            {**kan, "scale_spline": True},
            160,
        )
        for name, (seed, forward, draw, settings) in mlp_family(layers, dtype).items():
            if suffix and name in ("nerf", "rff", "finer"):
                continue  # the folder is to stay small; kan, siren and wire exercise everything
            train(
                f"train_{name}{suffix}",
                rates[name],
                forward,
                draw,
                dtype,
                {"layers": layers, **settings},
                seed + 40,
            )


def onecycle():
    max_rate, total, div, fraction = 2.5e-4, 120, 25.0, 0.05
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=max_rate, total_steps=total, div_factor=div, pct_start=fraction
    )
    rates, betas = [], []
    for step in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        betas.append(optimizer.param_groups[0]["betas"][0])
        optimizer.step()
        if step + 1 < total:
            schedule.step()
    save(
        "onecycle",
        {
            "lr": torch.tensor(rates, dtype=torch.float64),
            "beta1": torch.tensor(betas, dtype=torch.float64),
        },
        None,
        TOLERANCE[torch.float64],
        max_lr=max_rate,
        total_steps=total,
        div_factor=div,
        pct_start=fraction,
    )


def encoder_case(name, weights, encode, samples, seed, dtype, fixed=None, **settings):
    fixed = fixed or {}
    learnable = {key: value.requires_grad_() for key, value in weights.items()}
    x = torch.tensor(np.stack([sound(samples, seed + i) for i in range(2)]))
    x = x.to(dtype).requires_grad_()
    out = encode(x, {**fixed, **learnable})
    w = torch.randn(out.shape, generator=generator(seed), dtype=torch.float64).to(dtype)
    (out * w).sum().backward()
    save(
        name,
        {
            "x": x,
            **{f"fixed.{key}": value for key, value in fixed.items()},
            **{f"param.{key}": value for key, value in learnable.items()},
            "out": out,
            "w": w,
            "grad.x": x.grad,
            **{f"grad.{key}": value.grad for key, value in learnable.items()},
        },
        seed,
        TOLERANCE[dtype],
        **settings,
    )


def soundstream_encoder():
    # Without layer norm in float32, with it in float64: between them both forms and both dtypes.
    cases = {
        "": (2, 4, [2, 4, 8], 640, False),
        "_float64": (2, 3, [2, 5, 2], 57, True),
    }
    for suffix, (channels, dimension, strides, samples, layer_norm) in cases.items():
        seed, dtype = 210, DTYPES[suffix]
        encoder_case(
            "soundstream_encoder" + suffix,
            reference.encoder_weights(
                generator(seed), channels, dimension, strides, layer_norm, samples, dtype
            ),
            lambda x, weights: reference.soundstream_encoder(x, weights, strides),
            samples,
            seed,
            dtype,
            C=channels,
            D=dimension,
            strides=strides,
            layer_norm=layer_norm,
        )


def snac_encoder():
    # Filled up to whole windows, with all layers, in float32; an odd stride, whole windows and the
    # convolutions' numbers as the code in float64.
    cases = {
        "": (2, [2, 4], 3, 4, 80, 6),
        "_float64": (1, [3, 2], 4, 2, 72, 0),
    }
    for suffix, (channels, strides, window, head, samples, width) in cases.items():
        seed, dtype = 240, DTYPES[suffix]
        encoder_case(
            "snac_encoder" + suffix,
            reference.snac_weights(
                generator(seed), channels, strides, window, samples, width, dtype
            ),
            lambda x, weights: reference.snac_encoder(x, weights, strides, window, head),
            samples,
            seed,
            dtype,
            d_model=channels,
            strides=strides,
            attn_window=window,
            dim_head=head,
            width=width,
        )


def whisper_encoder():
    # Filled up with silence, updates of queries and values in float32; the recording alone and updates
    # of all projections in float64.
    cases = {"": (0.12, False), "_float64": (0.0, True)}
    for suffix, (seconds, everywhere) in cases.items():
        seed, dtype = 250, DTYPES[suffix]
        options = {
            "kind": "whisper",
            "mels": 8,
            "channels": 8,
            "layers": 2,
            "headWidth": 4,
            "sampleRate": 16_000,
            "seconds": seconds,
            "lora": {
                "rank": 2,
                "alpha": 3.0,
                "query": True,
                "key": everywhere,
                "value": True,
                "output": everywhere,
            },
            "width": 5,
        }
        fixed, learnable = reference.whisper_weights(generator(seed), options, dtype)
        encoder_case(
            "whisper_encoder" + suffix,
            learnable,
            lambda x, weights: reference.whisper_encoder(x, weights, options),
            1000,
            seed,
            dtype,
            fixed=fixed,
            encoder=options,
        )


def fewsound_cases():
    hidden, encoding, grid, order = [3, 2], 2, 2, 2
    omega0, omega = 30.0, 5.0
    g = generator(0)
    # Only the shapes of these count: the weights themselves are written.
    targets = {
        "kan": (
            lambda t, w: reference.kan(t, w, grid, order),
            reference.kan_weights(g, hidden, encoding, grid, order, True, torch.float64),
            {"encoding": encoding, "grid": grid, "order": order},
        ),
        "nerf": (
            reference.nerf,
            reference.nerf_weights(g, hidden, encoding, torch.float64),
            {"encoding": encoding},
        ),
        "siren": (
            reference.siren,
            reference.siren_weights(g, hidden, omega0, omega, torch.float64),
            {},
        ),
    }
    encoder, strides, samples, kernel, widths = (
        {"C": 2, "D": 3, "layer_norm": False},
        [4, 5],
        160,
        6,
        [10, 8],
    )
    for seed, (name, (forward, shapes, settings)) in enumerate(targets.items(), start=220):
        layout = reference.weight_layout(shapes)
        for suffix, dtype in DTYPES.items():
            if suffix and name != "kan":
                continue  # the folder is to stay small; the targets differ in their own files
            weights = reference.fewsound_weights(
                generator(seed), layout, encoder, samples, strides, widths, kernel, dtype
            )
            fixed = {
                key: value.to(dtype)
                for key, value in shapes.items()
                if not reference.is_learnable(key)
            }
            learnable = {key: value.requires_grad_() for key, value in weights.items()}
            audio = torch.tensor(np.stack([sound(samples, seed + i) for i in range(2)])).to(dtype)
            t = times(samples, dtype).squeeze(1)
            results = {}
            for epoch in (50, 25):
                z, out = reference.fewsound(
                    audio,
                    t,
                    learnable,
                    layout,
                    lambda t, own: forward(t, {**own, **fixed}),
                    strides,
                    min(1.0, epoch / 50),
                )
                loss = (out - audio).abs().mean()
                gradients = torch.autograd.grad(loss, list(learnable.values()))
                results |= {"z": z, f"out.epoch{epoch}": out, f"l1.epoch{epoch}": loss}
                for key, gradient in zip(learnable, gradients):
                    results[f"grad.epoch{epoch}.{key}"] = gradient
            save(
                f"fewsound_{name}{suffix}",
                {
                    "audio": audio,
                    "t": t,
                    **{f"fixed.{key}": value for key, value in fixed.items()},
                    **{f"param.{key}": value for key, value in learnable.items()},
                    **results,
                },
                seed,
                TOLERANCE[dtype],
                target=name,
                layout=layout,
                hidden=hidden,
                encoder=encoder,
                strides=strides,
                global_kernel=kernel,
                global_layers=2,
                hyper_layers=widths,
                **settings,
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    bspline_bases()
    kan_cases()
    kan_batched()
    mlp_cases()
    mel_stft_loss()
    metrics()
    train_cases()
    onecycle()
    soundstream_encoder()
    snac_encoder()
    whisper_encoder()
    fewsound_cases()
