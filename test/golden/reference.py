"""The networks, the loss and the metrics in plain PyTorch, written from their definitions.

Nothing here is fast and nothing comes from native/: dense Cox-de Boor recursion, frames cut by hand,
one loop per resolution. That is the point: an independent second opinion.
"""

import math

import numpy as np
import scipy.stats
import torch


def positional_encoding(t, frequencies):
    """[..., 1] -> [..., 2 L]: all sines, then all cosines."""
    phase = t * frequencies
    return torch.cat([torch.sin(phase), torch.cos(phase)], dim=-1)


def encoding_frequencies(length, dtype):
    return (2.0 ** torch.arange(length, dtype=torch.float64) * math.pi).to(dtype)


# ---------------------------------------------------------------- KAN


def spline_knots(grid, order, dtype):
    step = 2.0 / grid
    index = torch.arange(-order, grid + order + 1, dtype=torch.float64)
    return (index * step - 1.0).to(dtype)


def spline_bases(x, knots, order):
    """Cox-de Boor recursion over all knots: [...] -> [..., knots - 1 - order]."""
    x = x.unsqueeze(-1)
    bases = ((x >= knots[:-1]) & (x < knots[1:])).to(x.dtype)
    for degree in range(1, order + 1):
        left = (x - knots[: -degree - 1]) / (knots[degree:-1] - knots[: -degree - 1])
        right = (knots[degree + 1 :] - x) / (knots[degree + 1 :] - knots[1:-degree])
        bases = left * bases[..., :-1] + right * bases[..., 1:]
    return bases


def kan_layer(x, base, coefficients, scale, knots, order):
    """x [..., samples, in], base [..., out, in], coefficients [..., out, in, bases] -> [..., samples, out]"""
    silu = x * torch.sigmoid(x)
    spline = torch.einsum("...nib,...oib->...noi", spline_bases(x, knots, order), coefficients)
    if scale is not None:
        spline = spline * scale.unsqueeze(-3)
    return torch.einsum("...ni,...oi->...no", silu, base) + spline.sum(-1)


def kan(t, weights, grid, order):
    knots = spline_knots(grid, order, t.dtype)
    x = positional_encoding(t, weights["freq"])
    for i in range(count(weights, "bw")):
        x = kan_layer(
            x, weights[f"bw{i}"], weights[f"sw{i}"], weights.get(f"ss{i}"), knots, order
        )
    return x


def kan_weights(generator, layers, encoding, grid, order, scale_spline, dtype, batch=()):
    widths = [2 * encoding, *layers, 1]
    weights = {"freq": encoding_frequencies(encoding, dtype)}
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        bound = 1.0 / math.sqrt(inputs)
        shape = (*batch, outputs, inputs)
        weights[f"bw{i}"] = uniform(generator, shape, bound, dtype)
        # Large enough that the splines matter, small enough that rounding does not grow through them.
        size = 0.3 if scale_spline else 0.6 * bound
        weights[f"sw{i}"] = uniform(generator, (*shape, grid + order), size, dtype)
        if scale_spline:
            weights[f"ss{i}"] = uniform(generator, shape, 2.0 * bound, dtype)
    return weights


# ---------------------------------------------------------------- the other networks


def linear(x, weights, i):
    return x @ weights[f"w{i}"].T + weights[f"b{i}"]


def relu_mlp(x, weights):
    last = count(weights, "w") - 1
    for i in range(last):
        x = torch.clamp_min(linear(x, weights, i), 0.0)
    return linear(x, weights, last)


def nerf(t, weights):
    return relu_mlp(positional_encoding(t, weights["freq"]), weights)


def rff(t, weights):
    phase = (2.0 * math.pi * t) @ weights["encoding.b"].T
    return relu_mlp(torch.cat([torch.cos(phase), torch.sin(phase)], dim=-1), weights)


def siren(t, weights):
    last = count(weights, "w") - 1
    x = t
    for i in range(last + 1):
        x = linear(weights[f"o{i}"] * x, weights, i)
        if i < last:
            x = torch.sin(x)
    return x


def finer(t, weights):
    last = count(weights, "w") - 1
    x = t
    for i in range(last + 1):
        factor = (torch.abs(x) + 1.0).detach()
        x = linear(weights[f"o{i}"] * (factor * x), weights, i)
        if i < last:
            x = torch.sin(x)
    return x


def wire(t, weights, omega0, omega, scale):
    last = count(weights, "net.", ".weight") - 1
    x = t
    for i in range(last + 1):
        weight, bias = (weights[f"net.{2 * i}.{name}"] for name in ("weight", "bias"))
        if i > 0:
            weight, bias = torch.view_as_complex(weight), torch.view_as_complex(bias)
        x = x @ weight.T + bias
        if i < last:
            rate = omega0 if i == 0 else omega
            x = torch.exp(1j * rate * x - torch.abs(scale * x) ** 2)
    return x.real


def mlp_weights(generator, widths, bounds, dtype):
    weights = {}
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        weight_bound, bias_bound = bounds(i, inputs)
        weights[f"w{i}"] = uniform(generator, (outputs, inputs), weight_bound, dtype)
        weights[f"b{i}"] = uniform(generator, (outputs,), bias_bound, dtype)
    return weights


def omegas(layers, omega0, omega, dtype):
    values = [omega0] + [omega] * len(layers)
    return {f"o{i}": torch.tensor([value], dtype=dtype) for i, value in enumerate(values)}


def nerf_weights(generator, layers, encoding, dtype):
    bounds = lambda i, inputs: (1.0 / math.sqrt(inputs), 1.0 / math.sqrt(inputs))
    return {
        "freq": encoding_frequencies(encoding, dtype),
        **mlp_weights(generator, [2 * encoding, *layers, 1], bounds, dtype),
    }


def rff_weights(generator, layers, frequencies, sigma, dtype):
    bounds = lambda i, inputs: (1.0 / math.sqrt(inputs), 1.0 / math.sqrt(inputs))
    projection = torch.randn((frequencies, 1), generator=generator, dtype=torch.float64) * sigma
    return {
        "encoding.b": projection.to(dtype),
        **mlp_weights(generator, [2 * frequencies, *layers, 1], bounds, dtype),
    }


def siren_weights(generator, layers, omega0, omega, dtype):
    bounds = lambda i, inputs: (
        1.0 / inputs if i == 0 else math.sqrt(6.0 / inputs) / omega0,
        1.0 / math.sqrt(inputs),
    )
    return {
        **mlp_weights(generator, [1, *layers, 1], bounds, dtype),
        **omegas(layers, omega0, omega, dtype),
    }


def finer_weights(generator, layers, omega0, omega, bias_scale, dtype):
    bounds = lambda i, inputs: (
        1.0 / inputs if i == 0 else math.sqrt(6.0 / inputs) / omega,
        bias_scale if i == 0 else 1.0 / math.sqrt(inputs),
    )
    return {
        **mlp_weights(generator, [1, *layers, 1], bounds, dtype),
        **omegas(layers, omega0, omega, dtype),
    }


def wire_weights(generator, layers, dtype):
    """Complex weights as a last axis of (real, imaginary)."""
    widths = [1, *layers, 1]
    weights = {}
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        parts = () if i == 0 else (2,)
        bound = 1.0 / math.sqrt(inputs)
        weights[f"net.{2 * i}.weight"] = uniform(
            generator, (outputs, inputs, *parts), bound, dtype
        )
        weights[f"net.{2 * i}.bias"] = uniform(generator, (outputs, *parts), bound, dtype)
    return weights


def is_learnable(name):
    return name != "freq" and name != "encoding.b" and not (name[0] == "o" and name[1:].isdigit())


# ---------------------------------------------------------------- FewSound


def padded_conv(x, weight, bias, left, right, stride=1, dilation=1):
    """x [batch, in, time] with zeros on both sides, weight [out, in, kernel] -> [batch, out, outputs]"""
    kernel = weight.shape[-1]
    zeros = [torch.zeros((*x.shape[:-1], count), dtype=x.dtype) for count in (left, right)]
    padded = torch.cat([zeros[0], x, zeros[1]], dim=-1)
    outputs = (padded.shape[-1] - dilation * (kernel - 1) - 1) // stride + 1
    taps = torch.arange(outputs)[:, None] * stride + torch.arange(kernel) * dilation
    return torch.einsum("bitk,oik->bot", padded[..., taps], weight) + bias[:, None]


def causal_conv(x, weight, bias, stride=1, dilation=1):
    """x [batch, in, time], weight [out, in, kernel] -> [batch, out, ceil(time / stride)]"""
    past = dilation * (weight.shape[-1] - 1)
    return padded_conv(x, weight, bias, past, 0, stride, dilation)


def layer_norm(x, gain, shift):
    """Over channels and time of each recording."""
    mean = x.mean((1, 2), keepdim=True)
    variance = ((x - mean) ** 2).mean((1, 2), keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * gain + shift


def elu(x):
    return torch.where(x > 0.0, x, torch.expm1(torch.clamp_max(x, 0.0)))


def soundstream_encoder(x, weights, strides):
    """x [batch, samples] -> [batch, width]. Names are positions: net.0 a convolution, net.1 its norm,
    net.2 ELU; a block from net.3 on has the units layers.0 to layers.2 (convolution 0, norm 1, ELU 2,
    convolution 3, norm 4, ELU 5) and convolution layers.3, norm layers.4."""

    def stage(x, prefix, conv, **shape):
        weight, bias = (weights[f"{prefix}.{conv}.{name}"] for name in ("weight", "bias"))
        x = causal_conv(x, weight, bias, **shape)
        norm = f"{prefix}.{conv + 1}"
        if f"{norm}.weight" in weights:
            x = layer_norm(x, weights[f"{norm}.weight"], weights[f"{norm}.bias"])
        return elu(x)

    x = stage(x.unsqueeze(1), "net", 0)
    for i, stride in enumerate(strides):
        block = f"net.{3 + i}.layers"
        for unit, dilation in enumerate((1, 3, 9)):
            inside = f"{block}.{unit}.layers"
            x = x + stage(stage(x, inside, 0, dilation=dilation), inside, 3)
        x = stage(x, block, 3, stride=stride)
    last = f"net.{3 + len(strides)}"
    return causal_conv(x, weights[f"{last}.weight"], weights[f"{last}.bias"]).flatten(1)


def encoder_weights(generator, channels, dimension, strides, layer_norm, samples, dtype):
    weights = {}

    def conv(name, out, inputs, kernel):
        bound = 1.0 / math.sqrt(inputs * kernel)
        weights[f"{name}.weight"] = uniform(generator, (out, inputs, kernel), bound, dtype)
        weights[f"{name}.bias"] = uniform(generator, (out,), bound, dtype)

    def norm(name, out, time):
        if layer_norm:
            weights[f"{name}.weight"] = 1.0 + uniform(generator, (out, time), 0.3, dtype)
            weights[f"{name}.bias"] = uniform(generator, (out, time), 0.3, dtype)

    time = samples
    conv("net.0", channels, 1, 7)
    norm("net.1", channels, time)
    for i, stride in enumerate(strides):
        block = f"net.{3 + i}.layers"
        for unit in range(3):
            for position, kernel in ((0, 7), (3, 1)):
                conv(f"{block}.{unit}.layers.{position}", channels, channels, kernel)
                norm(f"{block}.{unit}.layers.{position + 1}", channels, time)
        conv(f"{block}.3", 2 * channels, channels, 2 * stride)
        channels, time = 2 * channels, -(-time // stride)
        norm(f"{block}.4", channels, time)
    conv(f"net.{3 + len(strides)}", dimension, channels, 3)
    return weights


def snac_encoder(x, weights, strides, window, head):
    """x [batch, samples] -> [batch, width]. Names are positions: 0 a convolution; a block from 1 on has
    the units block.0 to block.2 (Snake block.0, convolution block.1, Snake, convolution), Snake block.3
    and convolution block.4; then attention where there is a window, a convolution; and `reduce` and
    `project` where those are. All convolutions but `reduce` are g·v/|v|."""

    def conv(x, name, left, right, stride=1, dilation=1):
        v = weights[f"{name}.weight_v"]
        norms = torch.sqrt((v**2).sum((1, 2), keepdim=True))
        weight = v * (weights[f"{name}.weight_g"] / norms)
        return padded_conv(x, weight, weights[f"{name}.bias"], left, right, stride, dilation)

    def snake(x, name):
        alpha = weights[f"{name}.alpha"]
        return x + torch.sin(alpha * x) ** 2 / (alpha + 1e-9)

    unit = math.prod(strides) * max(window, 1)
    missing = -x.shape[-1] % unit
    x = torch.cat([x, torch.zeros((len(x), missing), dtype=x.dtype)], dim=1)
    x = conv(x.unsqueeze(1), "0", 3, 3)
    for i, stride in enumerate(strides):
        block = f"{i + 1}.block"
        for u, dilation in enumerate((1, 3, 9)):
            inside = f"{block}.{u}.block"
            y = conv(snake(x, f"{inside}.0"), f"{inside}.1", 3 * dilation, 3 * dilation, 1, dilation)
            x = x + conv(snake(y, f"{inside}.2"), f"{inside}.3", 0, 0)
        around = math.ceil(stride / 2)
        x = conv(snake(x, f"{block}.3"), f"{block}.4", around, around, stride)
    last = len(strides) + 1
    if window > 0:
        x = x + local_attention(x, weights, str(last), window, head)
        last += 1
    x = conv(x, str(last), 3, 3).flatten(1)
    if "reduce.weight" not in weights:
        return x
    fours = x[:, : x.shape[1] // 4 * 4].reshape(len(x), -1, 4)
    x = fours @ weights["reduce.weight"].flatten() + weights["reduce.bias"]
    x = torch.where(x > 0.0, x, 0.2 * x)
    return x @ weights["project.weight"].T + weights["project.bias"]


def local_attention(x, weights, name, window, head):
    """x [batch, channels, time], window by window and head by head. A head's numbers j and j + head / 2
    are a complex one, which step n of a window turns by n / 10000^(2j / head)."""
    channels = x.shape[1]
    mean = x.mean(1, keepdim=True)
    variance = ((x - mean) ** 2).mean(1, keepdim=True)
    steps = ((x - mean) / torch.sqrt(variance + 1e-5)).transpose(1, 2)
    steps = steps * weights[f"{name}.norm.weight"] + weights[f"{name}.norm.bias"]
    q, k, v = (steps @ weights[f"{name}.to_qkv.weight"].T).split(channels, dim=-1)
    places = torch.arange(window, dtype=x.dtype)[:, None]
    angles = places / 10_000.0 ** (torch.arange(0, head, 2, dtype=x.dtype) / head)

    def turned(part):
        one, two = part.split(head // 2, dim=-1)
        return torch.complex(one, two) * torch.polar(torch.ones_like(angles), angles)

    heard = torch.zeros_like(v)
    for start in range(0, x.shape[2], window):
        for first in range(0, channels, head):
            here = (slice(None), slice(start, start + window), slice(first, first + head))
            scores = (turned(q[here]) @ turned(k[here]).mH).real / math.sqrt(head)
            shares = torch.exp(scores)
            heard[here] = shares / shares.sum(-1, keepdim=True) @ v[here]
    return (heard @ weights[f"{name}.to_out.weight"].T).transpose(1, 2)


def snac_weights(generator, channels, strides, window, samples, width, dtype):
    weights = {}

    def conv(name, out, inputs, kernel):
        bound = 1.0 / math.sqrt(inputs * kernel)
        weights[f"{name}.weight_g"] = 0.6 + uniform(generator, (out, 1, 1), 0.3, dtype)
        weights[f"{name}.weight_v"] = uniform(generator, (out, inputs, kernel), bound, dtype)
        weights[f"{name}.bias"] = uniform(generator, (out,), bound, dtype)

    def snake(name, inputs):
        weights[f"{name}.alpha"] = 1.0 + uniform(generator, (1, inputs, 1), 0.5, dtype)

    time = -(-samples // (math.prod(strides) * max(window, 1))) * max(window, 1)
    conv("0", channels, 1, 7)
    for i, stride in enumerate(strides):
        block = f"{i + 1}.block"
        for unit in range(3):
            for position, kernel in ((0, 7), (2, 1)):
                snake(f"{block}.{unit}.block.{position}", channels)
                conv(f"{block}.{unit}.block.{position + 1}", channels, channels, kernel)
        snake(f"{block}.3", channels)
        conv(f"{block}.4", 2 * channels, channels, 2 * stride)
        channels *= 2
    last, bound = len(strides) + 1, 1.0 / math.sqrt(channels)
    if window > 0:
        weights[f"{last}.norm.weight"] = 1.0 + uniform(generator, (channels,), 0.3, dtype)
        weights[f"{last}.norm.bias"] = uniform(generator, (channels,), 0.3, dtype)
        for name, out in (("to_qkv", 3 * channels), ("to_out", channels)):
            weights[f"{last}.{name}.weight"] = uniform(generator, (out, channels), 3 * bound, dtype)
        last += 1
    conv(str(last), channels, channels, 7)
    if width > 0:
        for name, shape in (("reduce", (1, 1, 4)), ("project", (width, channels * time // 4))):
            weights[f"{name}.weight"] = uniform(generator, shape, shape[-1] ** -0.5, dtype)
            weights[f"{name}.bias"] = uniform(generator, shape[:1], 0.3, dtype)
    return weights


def whisper_encoder(x, weights, options):
    """x [batch, samples] at 16 kHz -> [batch, width]: log-mel, Whisper's encoder over so many seconds, and
    the last state of a GRU over the positions that the recording reaches."""
    mels, head, lora = options["mels"], options["headWidth"], options["lora"]
    positions = -(-x.shape[1] // 320)
    frames = 2 * max(positions, math.ceil(options["seconds"] * 50))
    zeros = torch.zeros((len(x), 480_000 - x.shape[1]), dtype=x.dtype)
    whole = torch.cat([x, zeros], dim=1)
    whole = torch.cat([whole[:, 1:201].flip(1), whole], dim=1)
    window = 0.5 - 0.5 * torch.cos(2 * math.pi * torch.arange(400, dtype=x.dtype) / 400)
    turns = torch.outer(torch.arange(201), torch.arange(400)).remainder(400).to(torch.float64)
    phases = 2 * math.pi * turns / 400
    cut = torch.stack([whole[:, 160 * i : 160 * i + 400] for i in range(frames)], dim=1) * window
    power = (cut @ phases.cos().to(x.dtype).T) ** 2 + (cut @ phases.sin().to(x.dtype).T) ** 2
    levels = power @ mel_filterbank(16_000, 400, mels, x.dtype).T
    levels = torch.log10(torch.clamp_min(levels, 1e-10))
    levels = torch.maximum(levels, levels.amax((1, 2), keepdim=True) - 8)
    x = ((levels + 4) / 4).transpose(1, 2)

    def gelu(x):
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))

    def norm(x, name):
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        scaled = (x - mean) / torch.sqrt(variance + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        y = x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0.0)
        if f"{name}.lora_a" in weights:
            update = weights[f"{name}.lora_b"] @ weights[f"{name}.lora_a"]
            y = y + lora["alpha"] / lora["rank"] * (x @ update.T)
        return y

    for name, stride in (("conv1", 1), ("conv2", 2)):
        x = gelu(padded_conv(x, weights[f"{name}.weight"], weights[f"{name}.bias"], 1, 1, stride))
    half = options["channels"] // 2
    rates = 10_000.0 ** (-torch.arange(half, dtype=torch.float64) / (half - 1))
    angles = torch.arange(x.shape[2])[:, None] * rates
    x = x.transpose(1, 2) + torch.cat([angles.sin(), angles.cos()], dim=1).to(x.dtype)
    for i in range(options["layers"]):
        layer = f"layers.{i}"
        steps = norm(x, f"{layer}.self_attn_layer_norm")
        q, k, v = (linear(steps, f"{layer}.self_attn.{part}_proj") for part in "qkv")
        heard = torch.zeros_like(v)
        for first in range(0, x.shape[2], head):
            one = (Ellipsis, slice(first, first + head))
            shares = torch.exp(q[one] @ k[one].mT / math.sqrt(head))
            heard[one] = shares / shares.sum(-1, keepdim=True) @ v[one]
        x = x + linear(heard, f"{layer}.self_attn.out_proj")
        hidden = gelu(linear(norm(x, f"{layer}.final_layer_norm"), f"{layer}.fc1"))
        x = x + linear(hidden, f"{layer}.fc2")
    x = norm(x[:, :positions], "layer_norm")
    width = options["width"]
    state = torch.zeros((len(x), width), dtype=x.dtype)
    for step in x.unbind(1):
        given = (step @ weights["gru.weight_ih"].T + weights["gru.bias_ih"]).split(width, dim=1)
        kept = (state @ weights["gru.weight_hh"].T + weights["gru.bias_hh"]).split(width, dim=1)
        reset, update = (torch.sigmoid(given[i] + kept[i]) for i in (0, 1))
        new = torch.tanh(given[2] + reset * kept[2])
        state = (1 - update) * new + update * state
    return state


def whisper_weights(generator, options, dtype):
    """What is fixed, and what learns."""
    channels, rank, width = options["channels"], options["lora"]["rank"], options["width"]
    fixed, learnable = {}, {}

    def layer(name, shape, bias=True):
        bound = 1.0 / math.sqrt(math.prod(shape[1:]))
        fixed[f"{name}.weight"] = uniform(generator, shape, bound, dtype)
        if bias:
            fixed[f"{name}.bias"] = uniform(generator, shape[:1], bound, dtype)

    def norm(name):
        fixed[f"{name}.weight"] = 1.0 + uniform(generator, (channels,), 0.3, dtype)
        fixed[f"{name}.bias"] = uniform(generator, (channels,), 0.3, dtype)

    layer("conv1", (channels, options["mels"], 3))
    layer("conv2", (channels, channels, 3))
    for i in range(options["layers"]):
        for part, option in (("k", "key"), ("v", "value"), ("q", "query"), ("out", "output")):
            name = f"layers.{i}.self_attn.{part}_proj"
            layer(name, (channels, channels), bias=part != "k")
            if options["lora"][option]:
                learnable[f"{name}.lora_a"] = uniform(generator, (rank, channels), 0.5, dtype)
                learnable[f"{name}.lora_b"] = uniform(generator, (channels, rank), 0.5, dtype)
        norm(f"layers.{i}.self_attn_layer_norm")
        layer(f"layers.{i}.fc1", (4 * channels, channels))
        layer(f"layers.{i}.fc2", (channels, 4 * channels))
        norm(f"layers.{i}.final_layer_norm")
    norm("layer_norm")
    for name, shape in (
        ("weight_ih", (3 * width, channels)),
        ("weight_hh", (3 * width, width)),
        ("bias_ih", (3 * width,)),
        ("bias_hh", (3 * width,)),
    ):
        learnable[f"gru.{name}"] = uniform(generator, shape, 0.6, dtype)
    return fixed, learnable


def universal_code(weights):
    """G(theta) [1, width]: convolutions without padding over the vector, ELU, a linear layer."""
    x = weights["global_weights"]
    convolutions = count(weights, "globals.", ".weight") - 1
    for i in range(convolutions):
        kernel = weights[f"globals.{2 * i}.weight"].flatten()
        x = elu(x.unfold(-1, len(kernel), 1) @ kernel + weights[f"globals.{2 * i}.bias"])
    last = f"globals.{2 * convolutions}"
    return x @ weights[f"{last}.weight"].T + weights[f"{last}.bias"]


def hypernetwork(z, weights):
    last = count(weights, "hyper.net.", ".weight") - 1
    for i in range(last + 1):
        z = z @ weights[f"hyper.net.{i}.weight"].T + weights[f"hyper.net.{i}.bias"]
        if i < last:
            z = elu(z)
    return z


def fewsound(audio, t, weights, layout, target, strides, factor):
    """z, and the reconstructions [batch, samples]; `target` maps times and named weights to a sound."""
    encoder = {n[8:]: value for n, value in weights.items() if n.startswith("encoder.")}
    code = soundstream_encoder(audio, encoder, strides)
    z = torch.cat([code, universal_code(weights).expand(len(audio), -1)], dim=1)
    vectors = weights["global_weights"] + factor * hypernetwork(z, weights)
    sounds = []
    for vector in vectors:
        own = {n: vector[start:end].reshape(shape) for n, (start, end, shape) in layout.items()}
        sounds.append(target(t.unsqueeze(1), own).squeeze(1))
    return z, torch.stack(sounds)


def fewsound_weights(generator, layout, encoder, samples, strides, hidden, kernel, dtype):
    weights = {
        f"encoder.{name}": value
        for name, value in encoder_weights(
            generator, encoder["C"], encoder["D"], strides, encoder["layer_norm"], samples, dtype
        ).items()
    }

    def layer(name, shape, fan_in):
        bound = 1.0 / math.sqrt(fan_in)
        weights[f"{name}.weight"] = uniform(generator, shape, bound, dtype)
        weights[f"{name}.bias"] = uniform(generator, shape[:1], bound, dtype)

    numbers = max(end for _, end, _ in layout.values())
    steps = samples
    for stride in strides:
        steps = -(-steps // stride)
    width = steps * encoder["D"]
    weights["global_weights"] = uniform(generator, (1, numbers), 0.4, dtype)
    layer("globals.0", (1, 1, kernel), kernel)
    layer("globals.2", (1, 1, kernel), kernel)
    layer("globals.4", (width, numbers - 2 * (kernel - 1)), numbers)
    widths = [2 * width, *hidden, numbers]
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layer(f"hyper.net.{i}", (outputs, inputs), inputs)
    return weights


def weight_layout(weights):
    """Where each learnable parameter of a target lies in the vector of all of them."""
    layout, start = {}, 0
    for name, value in weights.items():
        if is_learnable(name):
            layout[name] = [start, start + value.numel(), list(value.shape)]
            start += value.numel()
    return layout


# ---------------------------------------------------------------- loss


def mel_filterbank(rate, fft, mels, dtype):
    """Slaney's scale and area normalisation, 0 to rate / 2: [mels, fft / 2 + 1]"""
    log_step = math.log(6.4) / 27.0

    def to_mel(hertz):
        return hertz * 3 / 200 if hertz < 1000 else 15 + math.log(hertz / 1000) / log_step

    def to_hertz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * math.exp(log_step * (mel - 15))

    edges = [to_hertz(m) for m in np.linspace(0.0, to_mel(rate / 2), mels + 2)]
    bins = np.linspace(0.0, rate / 2, fft // 2 + 1)
    bank = np.zeros((mels, len(bins)))
    for band, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:])):
        triangle = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
        bank[band] = np.maximum(triangle, 0.0) * 2.0 / (high - low)
    return torch.tensor(bank, dtype=dtype)


def frames(signal, size, hop, mode):
    """Windowed frames, centred: [batch, samples] -> [batch, frames, size]"""
    padded = torch.nn.functional.pad(signal.unsqueeze(1), (size // 2, size // 2), mode=mode)
    index = torch.arange(size, dtype=torch.float64)
    window = 0.5 - 0.5 * torch.cos(2.0 * math.pi * index / size)
    return padded.squeeze(1).unfold(1, size, hop) * window.to(signal.dtype)


def mel_spectrogram(signal, rate, fft, mels):
    spectrum = torch.fft.rfft(frames(signal, fft, fft // 4, "reflect"))
    power = spectrum.real**2 + spectrum.imag**2
    return torch.sqrt(torch.clamp_min(power, 1e-8)) @ mel_filterbank(rate, fft, mels, signal.dtype).T


def mel_per_resolution(estimate, target, rate, sizes, mels):
    losses = []
    for fft in sizes:
        difference = mel_spectrogram(estimate, rate, fft, mels) - mel_spectrogram(
            target, rate, fft, mels
        )
        losses.append(difference.abs().mean() + difference.square().mean().sqrt())
    return torch.stack(losses)


def reconstruction_loss(estimate, target, rate, sizes, mels):
    mel = mel_per_resolution(estimate, target, rate, sizes, mels).mean()
    return (estimate - target).abs().mean() + mel


# ---------------------------------------------------------------- metrics, float64 [batch, samples]


def metrics(target, estimate, rate):
    epsilon = 2.0**-23
    error = target - estimate
    span = max(0.0, target.max().item()) - min(0.0, target.min().item())
    mse = error.square().mean().item()

    def ratio(signal, noise):
        return 10 * np.log10((np.sum(signal**2) + epsilon) / (np.sum(noise**2) + epsilon))

    snr, si_snr, wd = [], [], []
    for clean, given in zip(target.numpy(), estimate.numpy()):
        snr.append(ratio(clean, clean - given))
        centred, other = clean - clean.mean(), given - given.mean()
        scale = (other @ centred + epsilon) / (centred @ centred + epsilon)
        si_snr.append(ratio(scale * centred, other - scale * centred))
        support = np.arange(len(clean), dtype=np.float64) ** 2
        share = [np.abs(np.fft.fft(signal)) for signal in (clean, given)]
        share = [magnitude / magnitude.sum() for magnitude in share]
        distance = scipy.stats.wasserstein_distance(support, support, share[0], share[1])
        wd.append(distance / len(clean))
    return {
        "mse": mse,
        "mae": error.abs().mean().item(),
        "psnr": 10 * math.log10(span**2 / mse),
        "snr": np.mean(snr),
        "si_snr": np.mean(si_snr),
        "lsd": log_spectral_distance(target, estimate, rate),
        "wd": np.mean(wd),
    }


def log_spectral_distance(target, estimate, rate):
    size, hop = int(2048 * rate / 44100), int(rate / 100)
    t, p = (torch.fft.rfft(frames(x, size, hop, "constant")).abs() for x in (target, estimate))
    ratio = torch.log10(t**2 / (p + 1e-12) ** 2 + 1e-12) ** 2
    return ratio.mean(-1).sqrt().mean().item()


# ---------------------------------------------------------------- small things


def uniform(generator, shape, bound, dtype):
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64)
    return ((2.0 * drawn - 1.0) * bound).to(dtype)


def count(weights, prefix, suffix=""):
    found = (n for n in weights if n.startswith(prefix) and n.endswith(suffix))
    return sum(n[len(prefix) : len(n) - len(suffix)].isdigit() for n in found)
