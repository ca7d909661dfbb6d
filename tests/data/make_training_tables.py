#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes training/tables.safetensors: what PyTorch (2.9) computes for layers, losses and optimisers.

Usage: make_training_tables.py [FILE]        needs torch and safetensors

layer.NAME:  x, probe, y, parameter.P, and the gradients of sum(y * probe): gradient.P, gradient.x
loss.NAME:   one number; the inputs are loss.x, loss.y, loss.z and loss.signs
optim.NAME:  matrix, vector: the parameters after each of five steps from optim.start along
             optim.gradients
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

torch.manual_seed(7)
tables: dict[str, torch.Tensor] = {}


def channels_last(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(1, -1)


def channels_first(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(-1, 1)


def kernel_last(name: str, p: torch.Tensor) -> torch.Tensor:
    """Weights of convolutions as [out, kernel..., in / groups]."""
    return channels_last(p) if name == "weight" and p.dim() > 2 else p


def layer(name: str, module: nn.Module, x: torch.Tensor, forward=None) -> None:
    """One forward and backward pass; `x` and `y` have their channels last."""
    for p in module.parameters():
        p.data = torch.randn_like(p) * 0.5
    if x.is_floating_point():
        x.requires_grad_(True)
    y = (forward or module)(x)
    probe = torch.randn_like(y)
    (y * probe).sum().backward()
    prefix = f"layer.{name}."
    tables.update({prefix + "x": x, prefix + "probe": probe, prefix + "y": y})
    if x.is_floating_point():
        tables[prefix + "gradient.x"] = x.grad
    for p_name, p in module.named_parameters():
        tables[prefix + "parameter." + p_name] = kernel_last(p_name, p)
        tables[prefix + "gradient." + p_name] = kernel_last(p_name, p.grad)


def last(module: nn.Module):
    return lambda x: channels_last(module(channels_first(x)))


class Attention(nn.Module):
    def __init__(self, width, heads, kv_heads, causal, theta):
        super().__init__()
        depth = width // heads
        self.q_proj, self.o_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.k_proj, self.v_proj = nn.Linear(width, kv_heads * depth), nn.Linear(width, kv_heads * depth)
        self.heads, self.kv_heads, self.depth, self.causal, self.theta = heads, kv_heads, depth, causal, theta

    def rotate(self, x):
        if not self.theta:
            return x
        half = self.depth // 2
        angles = torch.arange(x.shape[2])[:, None] * self.theta ** (-torch.arange(half) / half)
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)

    def forward(self, x):
        heads = lambda y, n: y.unflatten(-1, (n, self.depth)).transpose(1, 2)
        q = self.rotate(heads(self.q_proj(x), self.heads))
        k = self.rotate(heads(self.k_proj(x), self.kv_heads)).repeat_interleave(self.heads // self.kv_heads, 1)
        v = heads(self.v_proj(x), self.kv_heads).repeat_interleave(self.heads // self.kv_heads, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.o_proj(y.transpose(1, 2).flatten(2))


def layers() -> None:
    layer("linear", nn.Linear(5, 3), torch.randn(2, 4, 5))
    layer("embedding", nn.Embedding(6, 3), torch.tensor([[1, 5, 1], [0, 2, 5]]))
    conv1, conv2 = nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), nn.Conv2d(2, 3, (3, 2), dilation=(1, 2))
    conv3 = nn.Conv3d(2, 2, 2)
    layer("convolution_1d", conv1, torch.randn(2, 7, 4), last(conv1))
    layer("convolution_2d", conv2, torch.randn(2, 5, 6, 2), last(conv2))
    layer("convolution_3d", conv3, torch.randn(1, 3, 4, 3, 2), last(conv3))
    layer("layer_norm", nn.LayerNorm(6), torch.randn(3, 6) * 2 + 1)
    layer("rms_norm", nn.RMSNorm(6, eps=1e-5), torch.randn(3, 6) * 2)
    group = nn.GroupNorm(3, 6)
    layer("group_norm", group, torch.randn(2, 3, 2, 6) * 2 + 1, last(group))
    batch = nn.BatchNorm1d(3)
    layer("batch_norm", batch, torch.randn(8, 3) * 2 + 1)
    tables["layer.batch_norm.running_mean"] = batch.running_mean
    tables["layer.batch_norm.running_variance"] = batch.running_var
    tables["layer.batch_norm.evaluated"] = batch.eval()(tables["layer.batch_norm.x"])
    layer("attention", Attention(8, 2, 2, False, 0), torch.randn(2, 5, 8))
    layer("grouped_attention", Attention(16, 4, 2, True, 100.0), torch.randn(2, 6, 16))


def losses() -> None:
    x, y, z = torch.randn(4, 5), torch.randn(4, 5), torch.randn(4, 5)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0])
    tables.update({"loss.x": x, "loss.y": y, "loss.z": z, "loss.signs": signs})
    tables["loss.hinge"] = (1 - x[:, 0] * signs).clamp(min=0).mean()
    tables["loss.cosine"] = F.cosine_embedding_loss(x, y, torch.ones(4))
    tables["loss.triplet"] = F.triplet_margin_loss(x, y, z)
    tables["loss.huber"] = F.huber_loss(x, y, delta=0.7)
    tables["loss.bce_with_logits"] = F.binary_cross_entropy_with_logits(x, y.sigmoid())
    tables["loss.kl_divergence"] = F.kl_div(x.log_softmax(-1), y.softmax(-1), reduction="batchmean")


def in_float32(grad, coefficients, steps, eps):
    """Muon's iteration as PyTorch has it, in f32 instead of bf16."""
    a, b, c = coefficients
    y = grad.T if grad.size(0) > grad.size(1) else grad
    y = y / y.norm().clamp(min=eps)
    for _ in range(steps):
        gram = y @ y.T
        y = torch.addmm(y, torch.addmm(gram, gram, gram, beta=b, alpha=c), y, beta=a)
    return y.T if grad.size(0) > grad.size(1) else y


OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.2),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
    "rmsprop_centered": lambda p: torch.optim.RMSprop(p, lr=0.05, momentum=0.9, centered=True, weight_decay=0.1),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05, weight_decay=0.1),
    "adafactor": lambda p: torch.optim.Adafactor(p, lr=0.5, weight_decay=0.1),
    "muon": lambda p: torch.optim.Muon(p, lr=0.05),
}


def optimisers() -> None:
    start = {"matrix": torch.randn(4, 3), "vector": torch.randn(5)}
    gradients = {name: torch.randn(5, *p.shape) for name, p in start.items()}
    for name in start:
        tables[f"optim.start.{name}"] = start[name]
        tables[f"optim.gradients.{name}"] = gradients[name]
    torch.optim._muon._zeropower_via_newtonschulz = in_float32
    for optimiser, make in OPTIMISERS.items():
        moved = ["matrix"] if optimiser == "muon" else list(start)
        parameters = {name: start[name].clone().requires_grad_(True) for name in moved}
        rule = make(list(parameters.values()))
        paths = {name: [] for name in moved}
        for step in range(5):
            for name, p in parameters.items():
                p.grad = gradients[name][step].clone()
            rule.step()
            for name, p in parameters.items():
                paths[name].append(p.detach().clone())
        for name in moved:
            tables[f"optim.{optimiser}.{name}"] = torch.stack(paths[name])


def main() -> None:
    layers()
    losses()
    optimisers()
    here = pathlib.Path(__file__).parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "training" / "tables.safetensors"
    path.parent.mkdir(exist_ok=True)
    narrow = lambda t: t.to(torch.int32) if t.dtype == torch.int64 else t
    save_file({name: narrow(t.detach()).contiguous() for name, t in tables.items()}, path)


if __name__ == "__main__":
    main()
