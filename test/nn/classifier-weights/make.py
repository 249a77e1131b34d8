"""Writes small_cnn.pth: python3 test/nn/classifier-weights/make.py

A multi-resolution CNN written in eager PyTorch (made with 2.13.0), its weights after some batches, and what it makes
of recordings: in evaluation mode and, with dropout 0, in training mode. An independent program to check ours against.
"""

from pathlib import Path

import torch
from torch.nn import functional as F

torch.manual_seed(11)

SAMPLES = 400
LAYERS = [
    {"kernels": [10, 15, 8], "filters": 3, "stride": 5, "pooling": 2},
    {"kernels": [3, 6], "filters": 4, "stride": 1, "pooling": 3},
]


class Layer(torch.nn.Module):
    def __init__(self, channels, layer):
        super().__init__()
        self.layer = layer
        self.branches = torch.nn.ModuleList(
            torch.nn.Conv1d(channels, layer["filters"], kernel, layer["stride"]) for kernel in layer["kernels"]
        )
        self.norm = torch.nn.BatchNorm1d(layer["filters"] * len(layer["kernels"]))

    def forward(self, x):
        stride = self.layer["stride"]
        frames = -(-x.shape[2] // stride)
        outputs = []
        for branch in self.branches:
            kernel = branch.kernel_size[0]
            left = (kernel - 1) // 2
            right = max(0, (frames - 1) * stride + kernel - x.shape[2] - left)
            outputs.append(branch(F.pad(x, (left, right)))[:, :, :frames])
        return F.max_pool1d(self.norm(F.elu(torch.cat(outputs, 1))), self.layer["pooling"])


class SmallCnn(torch.nn.Module):
    def __init__(self):
        super().__init__()
        channels, time = 1, SAMPLES
        self.layers = torch.nn.ModuleList()
        for layer in LAYERS:
            self.layers.append(Layer(channels, layer))
            channels = layer["filters"] * len(layer["kernels"])
            time = -(-time // layer["stride"]) // layer["pooling"]
        self.dense = torch.nn.Linear(channels * time, 6)
        self.output = torch.nn.Linear(6, 3)

    def forward(self, x):
        x = x.unsqueeze(1)
        for layer in self.layers:
            x = layer(x)
        return self.output(F.relu(self.dense(x.flatten(1))))


net = SmallCnn()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(5):
    loss = F.cross_entropy(net(torch.randn(6, SAMPLES)), torch.randint(0, 3, (6,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
state = {name: value.clone() for name, value in net.state_dict().items()}
x = torch.randn(4, SAMPLES)
learning = net.train()(x).detach()
net.load_state_dict(state)
torch.save(
    {
        "epoch": 3,
        "model_state_dict": state,
        "optimizer_state_dict": optimizer.state_dict(),
        "x": x,
        "logits": net.eval()(x).detach(),
        "learning_logits": learning,
    },
    Path(__file__).parent / "small_cnn.pth",
)
