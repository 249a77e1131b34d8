"""One training step of FewSound in eager PyTorch, written from the papers' formulas: the peer of `bench hyper-step`.

    python hyper_step.py TARGET ENCODER THREADS BATCH PASSES     TARGET nerf|kan, ENCODER soundstream|snac|whisper

BATCH recordings of 32,768 samples in PASSES passes, whose gradients are accumulated.
"""

import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

from mel_loss import MelLoss
from rounds import serve

SAMPLES = 32_768


class Stage(nn.Module):
    """A causal convolution, layer norm over channels and time, ELU."""

    def __init__(self, width_in, width_out, kernel, time, stride=1, dilation=1):
        super().__init__()
        self.past = dilation * (kernel - 1)
        self.conv = nn.Conv1d(width_in, width_out, kernel, stride, dilation=dilation)
        self.norm = nn.LayerNorm([width_out, time])

    def forward(self, x):
        return F.elu(self.norm(self.conv(F.pad(x, (self.past, 0)))))


class Unit(nn.Module):
    def __init__(self, width, dilation, time):
        super().__init__()
        self.layers = nn.Sequential(
            Stage(width, width, 7, time, dilation=dilation), Stage(width, width, 1, time)
        )

    def forward(self, x):
        return x + self.layers(x)


def soundstream(channels=16, dimension=32, strides=(2, 4, 5, 8)):
    time, width = SAMPLES, channels
    layers = [Stage(1, width, 7, time)]
    for stride in strides:
        layers += [Unit(width, dilation, time) for dilation in (1, 3, 9)]
        time = math.ceil(time / stride)
        layers.append(Stage(width, 2 * width, 2 * stride, time, stride=stride))
        width *= 2
    layers += [nn.ConstantPad1d((2, 0), 0.0), nn.Conv1d(width, dimension, 3), nn.Flatten()]
    return nn.Sequential(*layers), time * dimension


def conv(*sizes, **more):
    return nn.utils.parametrizations.weight_norm(nn.Conv1d(*sizes, **more))


class Snake(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, width, 1))

    def forward(self, x):
        return x + torch.sin(self.alpha * x) ** 2 / (self.alpha + 1e-9)


class SnakeUnit(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.layers = nn.Sequential(
            Snake(width),
            conv(width, width, 7, dilation=dilation, padding=3 * dilation),
            Snake(width),
            conv(width, width, 1),
        )

    def forward(self, x):
        return x + self.layers(x)


class LocalAttention(nn.Module):
    def __init__(self, width, window=16, head=64):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        angles = torch.arange(window)[:, None] / 10_000 ** (torch.arange(0, head, 2) / head)
        self.angles, self.window, self.head = angles.repeat(1, 2), window, head

    def forward(self, x):
        batch, width, time = x.shape
        shape = (batch, time // self.window, self.window, width // self.head, self.head)
        q, k, v = (
            part.reshape(shape).transpose(2, 3)
            for part in self.qkv(self.norm(x.transpose(1, 2))).chunk(3, -1)
        )
        half = self.head // 2
        q, k = (
            part * self.angles.cos()
            + torch.cat([-part[..., half:], part[..., :half]], -1) * self.angles.sin()
            for part in (q, k)
        )
        heard = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(batch, time, width)
        return x + self.out(heard).transpose(1, 2)


def snac(channels=32, strides=(4, 4, 8, 8), code=3296):
    time, width = SAMPLES, channels
    layers = [conv(1, width, 7, padding=3)]
    for stride in strides:
        layers += [SnakeUnit(width, dilation) for dilation in (1, 3, 9)]
        down = conv(width, 2 * width, 2 * stride, stride=stride, padding=math.ceil(stride / 2))
        layers += [Snake(width), down]
        time, width = time // stride, 2 * width
    layers += [LocalAttention(width), conv(width, width, 7, padding=3), nn.Flatten()]
    layers += [nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 1, 4, 4), nn.Flatten(), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(time * width // 4, code)), code


class LoraLinear(nn.Linear):
    """A fixed layer with an update of rank 8 and alpha 16."""

    def __init__(self, width):
        super().__init__(width, width)
        self.requires_grad_(False)
        self.down, self.up = nn.Linear(width, 8, bias=False), nn.Linear(8, width, bias=False)

    def forward(self, x):
        return super().forward(x) + 2.0 * self.up(self.down(x))


class WhisperLayer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.key, self.out = nn.Linear(width, width, bias=False), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.requires_grad_(False)
        self.query, self.value = LoraLinear(width), LoraLinear(width)

    def forward(self, x):
        steps = self.norms[0](x)
        q, k, v = (
            part(steps).view(*x.shape[:2], -1, 64).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        heard = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        x = x + self.out(heard)
        return x + self.mlp(self.norms[1](x))


class Whisper(nn.Module):
    """tiny.en with random weights over the recording and silence up to 30 s."""

    def __init__(self, width=384, layers=4, code=3296):
        super().__init__()
        self.register_buffer("taps", torch.randn(320, 1, 562) / 562)
        self.register_buffer("mels", torch.rand(80, 201))
        self.register_buffer("places", torch.randn(1500, width))
        self.convs = nn.ModuleList([nn.Conv1d(80, width, 3, 1, 1), nn.Conv1d(width, width, 3, 2, 1)])
        self.norm = nn.LayerNorm(width)
        self.requires_grad_(False)
        self.layers = nn.ModuleList(WhisperLayer(width) for _ in range(layers))
        self.gru = nn.GRU(width, code, batch_first=True)

    def forward(self, audio):
        blocks = F.conv1d(F.pad(audio, (60, 600)), self.taps, stride=441)
        sound = blocks.transpose(1, 2).flatten(1)[:, : math.ceil(SAMPLES * 320 / 441)]
        positions = math.ceil(sound.shape[1] / 320)
        whole = F.pad(sound, (0, 480_000 - sound.shape[1]))
        window = torch.hann_window(400)
        power = torch.stft(whole, 400, 160, window=window, return_complex=True)[..., :-1].abs() ** 2
        levels = (self.mels @ power).clamp_min(1e-10).log10()
        levels = torch.maximum(levels, levels.amax((1, 2), keepdim=True) - 8)
        x = (levels + 4) / 4
        for conv in self.convs:
            x = F.gelu(conv(x))
        x = x.transpose(1, 2) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.gru(self.norm(x)[:, :positions])[1][0]


def whisper():
    return Whisper(), 3296


ENCODERS = {"soundstream": soundstream, "snac": snac, "whisper": whisper}


class NerfTarget:
    widths = [20, 90, 90, 90, 90, 70, 1]
    shapes = [s for a, b in zip(widths, widths[1:]) for s in ((b, a), (b,))]

    def __call__(self, x, weights):
        x = x.expand(len(weights[0]), -1, -1)
        for i in range(0, len(weights), 2):
            x = torch.baddbmm(weights[i + 1].unsqueeze(1), x, weights[i].transpose(1, 2))
            if i + 2 < len(weights):
                x = torch.relu(x)
        return x


class KanTarget:
    def __init__(self):
        widths, grid, self.order = [16, 48, 24, 12, 1], 10, 2
        edges = [(b, a) for a, b in zip(widths, widths[1:])]
        self.shapes = [s for edge in edges for s in (edge, (*edge, grid + self.order), edge)]
        self.knots = torch.arange(-self.order, grid + self.order + 1) * (2.0 / grid) - 1.0

    def bases(self, x):
        x, knots = x.unsqueeze(-1), self.knots
        bases = ((x >= knots[:-1]) & (x < knots[1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            left = (x - knots[: -(k + 1)]) / (knots[k:-1] - knots[: -(k + 1)])
            right = (knots[k + 1 :] - x) / (knots[k + 1 :] - knots[1:-k])
            bases = left * bases[..., :-1] + right * bases[..., 1:]
        return bases

    def __call__(self, x, weights):
        for i in range(0, len(weights), 3):
            base, coefficients, scale = weights[i : i + 3]
            spline = (coefficients * scale.unsqueeze(-1)).flatten(-2)
            bases = self.bases(x).flatten(-2).expand(len(base), -1, -1)
            silu = F.silu(x).expand(len(base), -1, -1)
            x = silu @ base.transpose(1, 2) + bases @ spline.transpose(1, 2)
        return x


class FewSound(nn.Module):
    def __init__(self, target, frequencies, encoder):
        super().__init__()
        self.target = target
        self.sizes = [math.prod(shape) for shape in target.shapes]
        total = sum(self.sizes)
        self.encoder, width = encoder()
        self.theta = nn.Parameter(torch.randn(1, total) * 0.05)
        self.universal = nn.Sequential(
            nn.Conv1d(1, 1, 8101), nn.ELU(), nn.Conv1d(1, 1, 8101), nn.ELU(),
            nn.Linear(total - 16_200, width),
        )  # fmt: skip
        widths = [2 * width, 400, 768, 768, 768, 768, 400, total]
        layers = [m for a, b in zip(widths, widths[1:]) for m in (nn.Linear(a, b), nn.ELU())]
        self.writer = nn.Sequential(*layers[:-1])
        t = torch.linspace(-1, 1, SAMPLES).unsqueeze(1)
        phases = t * (2.0 ** torch.arange(frequencies) * math.pi)
        self.features = torch.cat([phases.sin(), phases.cos()], -1)

    def forward(self, audio):
        code = self.encoder(audio.unsqueeze(1))
        common = self.universal(self.theta.unsqueeze(0))[0]
        vector = self.theta + self.writer(torch.cat([code, common.expand(len(code), -1)], 1))
        parts = vector.split(self.sizes, 1)
        weights = [p.view(-1, *shape) for p, shape in zip(parts, self.target.shapes)]
        return self.target(self.features, weights)[..., 0]


def main():
    target, encoder = sys.argv[1], ENCODERS[sys.argv[2]]
    threads, batch, passes = map(int, sys.argv[3:6])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    of = (NerfTarget(), 10) if target == "nerf" else (KanTarget(), 8)
    model = FewSound(*of, encoder)
    audio = torch.rand(batch, SAMPLES) * 2 - 1
    loss = MelLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)

    def step():
        optimizer.zero_grad()
        for part in audio.chunk(passes):
            (loss(model(part), part) / passes).backward()
        optimizer.step()

    serve(step, 1, parameters=sum(p.numel() for p in model.parameters()))


main()
