# SPDX-License-Identifier: Apache-2.0
"""Prints the array graph (level L0) of a small decoder, as a front end would trace it.

    decoder.py FAMILY [--rows T] [--layers N] [--bits B]

FAMILY: llama; qwen3, norms on query and key heads; gemma2, norms after attention and MLP too, softcaps,
every other layer with a sliding window; gemma3, the norms of both, two of three layers slide; gemma4,
and norms on values, which full layers take from their keys, and a scale for each layer; gemma4_shared,
gemma4 whose second half of layers sees the keys of the first, and that embeds the token in each layer;
qwen3_moe, a mixture of experts; qwen2_moe, one with an expert for all tokens beside it. T = 1 is the decode
entry: it ends with argmax and advances token, position and ring. T > 1 is a prefill entry. With --bits,
matrices are packed in numbers of B bits, groups of 64.
"""

import argparse
import math

HIDDEN, HEADS, GROUPS, HEAD, FFN, VOCAB, RING, OWN = 256, 4, 2, 64, 512, 9001, 64, 32
EXPERTS, CHOSEN = 16, 4
QUANTIZED_GROUP = 64


def tensor(shape, dtype):
    return "tensor<" + "".join(f"{d}x" for d in shape) + dtype + ">"


def real(value):
    text = repr(float(value))
    return text if "." in text else text.replace("e", ".0e")


class Value:
    def __init__(self, name, shape, dtype):
        self.name, self.shape, self.dtype = name, tuple(shape), dtype

    @property
    def type(self):
        return tensor(self.shape, self.dtype)


class Graph:
    def __init__(self, bits):
        self.lines, self.states, self.count, self.scope, self.bits = [], [], 0, "", bits

    def op(self, name, operands, shape, dtype, /, **attributes):
        value = Value(f"%{self.count}", shape, dtype)
        self.count += 1
        attrs = ", ".join(f"{k} = {v}" for k, v in attributes.items())
        attrs = f" {{{attrs}}}" if attrs else ""
        inputs = ", ".join(o.name for o in operands)
        types = ", ".join(o.type for o in operands)
        self.lines.append(f'  {value.name} = ashlar.{name} {inputs}{attrs} : ({types}) -> '
                          f'{value.type} loc("{self.scope}"("decoder.py":1:1))')
        return value

    def leaf(self, name, what, shape, dtype):
        value = Value(f"%{self.count}", shape, dtype)
        self.count += 1
        self.lines.append(f'  {value.name} = ashlar.{name} {what} : {value.type} loc("{self.scope}")')
        return value

    def weight(self, name, *shape):
        return self.leaf("weight", f'["{name}.weight"]', shape, "bf16")

    def matrix(self, name, *shape):
        if not self.bits:
            return self.weight(name, *shape)
        *rows, k = shape
        groups = k // QUANTIZED_GROUP
        parts = [self.leaf("weight", f'["{name}.weight"]', (*rows, k * self.bits // 32), "ui32"),
                 self.leaf("weight", f'["{name}.scales"]', (*rows, groups), "bf16"),
                 self.leaf("weight", f'["{name}.biases"]', (*rows, groups), "bf16")]
        return self.op("dequantize", parts, shape, "f32", bits=f"{self.bits} : i64",
                       group_size=f"{QUANTIZED_GROUP} : i64", dtype="f32")

    def state(self, name, shape, dtype, residency, capacity=None):
        capacity = f"capacity = {capacity} : i64, " if capacity else ""
        self.states.append(f'ashlar.state @{name} : {tensor(shape, dtype)} '
                           f'{{{capacity}residency = "{residency}"}}')
        return self.leaf("state_read", f"@{name}", shape, dtype)

    def write(self, name, value):
        self.lines.append(f"  ashlar.state_write @{name}, {value.name} : {value.type}")

    # ---- one function per array op
    def ints(self, values):
        return "array<i64" + (": " + ", ".join(str(int(v)) for v in values) if values else "") + ">"

    def unary(self, name, x):
        return self.op(name, [x], x.shape, x.dtype)

    def binary(self, name, a, b, dtype=None):
        shape = a.shape if math.prod(a.shape) >= math.prod(b.shape) else b.shape
        a, b = self.broadcast(a, shape), self.broadcast(b, shape)
        return self.op(name, [a, b], shape, dtype or a.dtype)

    def full(self, value, dtype):
        return self.op("full", [], (), dtype, shape=self.ints(()), dtype=dtype, value=real(value) + " : f64")

    def iota(self, n):
        return self.op("iota", [], (n,), "i32", shape=self.ints((n,)), dtype="i32", axis="0 : i64")

    def cast(self, x, dtype):
        return x if x.dtype == dtype else self.op("cast", [x], x.shape, dtype, dtype=dtype)

    def reshape(self, x, *shape):
        return self.op("reshape", [x], shape, x.dtype, shape=self.ints(shape))

    def broadcast(self, x, shape):
        return x if x.shape == tuple(shape) else self.op("broadcast", [x], shape, x.dtype, shape=self.ints(shape))

    def transpose(self, x, *perm):
        return self.op("transpose", [x], [x.shape[i] for i in perm], x.dtype, permutation=self.ints(perm))

    def slice_last(self, x, start, size):
        rank = len(x.shape)
        starts, sizes = [0] * rank, list(x.shape)
        starts[-1], sizes[-1] = start, size
        return self.op("slice", [x], sizes, x.dtype, starts=self.ints(starts), sizes=self.ints(sizes),
                       steps=self.ints([1] * rank))

    def concat_last(self, a, b):
        shape = a.shape[:-1] + (a.shape[-1] + b.shape[-1],)
        return self.op("concat", [a, b], shape, a.dtype, axis=f"{len(shape) - 1} : i64")

    def sum_last(self, x):
        return self.op("reduce_sum", [x], x.shape[:-1] + (1,), x.dtype,
                       axes=self.ints((len(x.shape) - 1,)), keepdims="true")

    def take(self, x, indices, axis=0):
        shape = x.shape[:axis] + indices.shape + x.shape[axis + 1:]
        return self.op("take", [x, indices], shape, x.dtype, axis=f"{axis} : i64")

    def select(self, c, a, b):
        shape = c.shape
        a, b = self.broadcast(a, shape), self.broadcast(b, shape)
        return self.op("select", [c, a, b], shape, a.dtype)

    def scatter(self, target, indices, updates):
        return self.op("scatter", [target, indices, updates], target.shape, target.dtype, axis="0 : i64")

    def linear(self, x, name, n, dtype="bf16"):
        outer, self.scope = self.scope, name
        w = self.matrix(name, n, x.shape[-1])
        y = self.op("matmul", [x, w], x.shape[:-1] + (n,), dtype, transpose_rhs="true", dtype=dtype)
        self.scope = outer
        return y


    def experts(self, x, ids, name, n):
        outer, self.scope = self.scope, name
        w = self.matrix(name, EXPERTS, n, x.shape[-1])
        y = self.op("expert_matmul", [x, w, ids], x.shape[:-2] + (n,), "bf16", transpose_rhs="true", dtype="bf16")
        self.scope = outer
        return y


class Decoder:
    def __init__(self, family, rows, layers, bits):
        self.g, self.family, self.rows, self.layers = Graph(bits), family, rows, layers
        self.gemma, self.gemma4 = family.startswith("gemma"), family.startswith("gemma4")
        self.shared = family == "gemma4_shared"
        self.head_norms = family in ("qwen3", "qwen3_moe", "gemma3") or self.gemma4
        self.caches = []

    def norm(self, x, name=None):
        g = self.g
        outer, g.scope = g.scope, name or g.scope
        w = name and g.weight(name, x.shape[-1])
        f = g.cast(x, "f32")
        mean = g.binary("mul", g.sum_last(g.unary("square", f)), g.full(1.0 / x.shape[-1], "f32"))
        y = g.binary("mul", f, g.unary("rsqrt", g.binary("add", mean, g.full(1e-6, "f32"))))
        if not w:
            y = g.cast(y, "bf16")
        elif self.gemma:
            scale = g.cast(w, "f32")
            if not self.gemma4:
                scale = g.binary("add", scale, g.full(1.0, "f32"))
            y = g.cast(g.binary("mul", y, scale), "bf16")
        else:
            y = g.binary("mul", g.cast(y, "bf16"), w)
        g.scope = outer
        return y

    def rope_tables(self, theta):
        g = self.g
        g.scope = "rope"
        values = ", ".join(real(theta ** (-2 * i / HEAD)) for i in range(HEAD // 2))
        inverse = g.leaf("constant", f"dense<[{values}]> : tensor<{HEAD // 2}xf32>", (HEAD // 2,), "f32")
        angles = g.binary("mul", g.broadcast(g.reshape(g.cast(self.positions, "f32"), self.rows, 1),
                                             (self.rows, HEAD // 2)), inverse)
        angles = g.concat_last(angles, angles)
        shape = (1, self.rows, 1, HEAD)
        return [g.reshape(g.cast(g.unary(f, angles), "bf16"), *shape) for f in ("cos", "sin")]

    def rope(self, x, tables):
        g = self.g
        cos, sin = tables
        half = HEAD // 2
        rotated = g.concat_last(g.unary("neg", g.slice_last(x, half, half)), g.slice_last(x, 0, half))
        return g.binary("add", g.binary("mul", x, cos), g.binary("mul", rotated, sin))

    def is_local(self, layer):
        period = {"gemma2": 2, "gemma3": 3, "gemma4": 3, "gemma4_shared": 2}.get(self.family, 1)
        return layer % period != period - 1

    def cached(self, x, layer, tables):
        """Keys and values that a layer sees."""
        g, name = self.g, f"layers.{layer}.self_attn"
        first_shared = (self.layers + 1) // 2 if self.shared else self.layers
        if layer >= first_shared:
            return self.caches[max(i for i in range(first_shared) if self.is_local(i) == self.is_local(layer))]
        shape = (1, self.rows, GROUPS, HEAD)
        k = v = g.reshape(g.linear(x, name + ".k_proj", GROUPS * HEAD), *shape)
        if self.family != "gemma4" or self.is_local(layer):
            v = g.reshape(g.linear(x, name + ".v_proj", GROUPS * HEAD), *shape)
        if self.head_norms:
            k = self.norm(k, name + ".k_norm")
        if self.gemma4:
            g.scope = name
            v = self.norm(v)
        cache = []
        for what, new in (("key", self.rope(k, tables)), ("value", v)):
            state = f"kv.{layer}.{what}"
            old = g.state(state, ("?", 1, GROUPS, HEAD), "bf16", "state", capacity=4096)
            cache.append(g.scatter(old, self.cache_rows, g.transpose(new, 1, 0, 2, 3)))
            g.write(state, cache[-1])
        self.caches.append(cache)
        return cache

    def attention(self, x, layer):
        g, rows = self.g, self.rows
        name = f"layers.{layer}.self_attn"
        g.scope = name
        local = self.is_local(layer)
        tables = self.tables[-1 if local else 0]
        q = g.reshape(g.linear(x, name + ".q_proj", HEADS * HEAD), 1, rows, HEADS, HEAD)
        if self.head_norms:
            q = self.norm(q, name + ".q_norm")
        q = self.rope(q, tables)
        cache = self.cached(x, layer, tables)
        y = g.op("attention", [q, *cache, self.position, self.length], q.shape, "bf16",
                 scale=real(HEAD ** -0.5) + " : f64", causal="true", window=f"{512 if local else 0} : i64",
                 softcap="50.0 : f64" if self.family == "gemma2" else "0.0 : f64", ring="0 : i64")
        return g.linear(g.reshape(y, 1, rows, HEADS * HEAD), name + ".o_proj", HIDDEN)

    def route(self, logits):
        g = self.g
        ids = g.op("topk_indices", [logits], logits.shape[:-1] + (CHOSEN,), "i32", k=f"{CHOSEN} : i64",
                   axis="2 : i64")
        chosen = g.op("take_along_axis", [logits, ids], ids.shape, "f32", axis="2 : i64")
        largest = g.op("reduce_max", [chosen], ids.shape[:-1] + (1,), "f32", axes=g.ints((2,)), keepdims="true")
        powers = g.unary("exp", g.binary("sub", chosen, largest))
        return ids, g.binary("div", powers, g.sum_last(powers))

    def mixture(self, x, name):
        g, rows = self.g, self.rows
        g.scope = name
        # Before the others, so that their sum joins it and the residual in its own kernel.
        if self.family == "qwen2_moe":
            gate = g.unary("sigmoid", g.linear(x, name + ".shared_expert_gate", 1))
            shared = g.binary("mul", gate, self.mlp(x, name + ".shared_expert"))
        ids, weights = self.route(g.cast(g.linear(x, name + ".gate", EXPERTS), "f32"))
        each = g.broadcast(g.reshape(x, 1, rows, 1, 1, HIDDEN), (1, rows, CHOSEN, 1, HIDDEN))
        one = g.reshape(ids, 1, rows, CHOSEN, 1)
        inner = g.binary("mul", g.unary("silu", g.experts(each, one, name + ".experts.gate", FFN)),
                         g.experts(each, one, name + ".experts.up", FFN))
        weighed = g.binary("mul", g.cast(inner, "f32"), g.reshape(weights, 1, rows, CHOSEN, 1))
        y = g.experts(g.cast(weighed, "bf16"), ids, name + ".experts.down", HIDDEN)
        return g.binary("add", shared, y) if self.family == "qwen2_moe" else y

    def mlp(self, x, name):
        g = self.g
        g.scope = name
        gate = g.unary("gelu_tanh" if self.gemma else "silu",
                       g.linear(x, name + ".gate_proj", FFN))
        up = g.linear(x, name + ".up_proj", FFN)
        return g.linear(g.binary("mul", gate, up), name + ".down_proj", HIDDEN)

    def embed_per_layer(self, x):
        """A row of OWN numbers for each layer, of a table of their own and of the embedding."""
        g, width = self.g, self.layers * OWN
        g.scope = "embed_tokens_per_layer"
        shape = (1, self.rows, self.layers, OWN)
        own = g.cast(g.take(g.matrix("embed_tokens_per_layer", VOCAB, width), self.token), "bf16")
        own = g.binary("mul", own, g.full(OWN ** 0.5, "bf16"))
        y = g.cast(g.linear(x, "per_layer_model_projection", width), "f32")
        y = g.reshape(g.cast(g.binary("mul", y, g.full(HIDDEN ** -0.5, "f32")), "bf16"), *shape)
        y = g.binary("add", self.norm(y, "per_layer_projection_norm"), g.reshape(own, *shape))
        self.per_layer = g.cast(g.binary("mul", g.cast(y, "f32"), g.full(0.5 ** 0.5, "f32")), "bf16")

    def embed_in_layer(self, x, layer):
        g, name = self.g, f"layers.{layer}"
        g.scope = name
        sizes = (1, self.rows, 1, OWN)
        own = g.op("slice", [self.per_layer], sizes, "bf16", starts=g.ints((0, 0, layer, 0)),
                   sizes=g.ints(sizes), steps=g.ints((1, 1, 1, 1)))
        gate = g.unary("gelu_tanh", g.linear(x, name + ".per_layer_input_gate", OWN))
        gated = g.binary("mul", gate, g.reshape(own, 1, self.rows, OWN))
        y = g.linear(gated, name + ".per_layer_projection", HIDDEN)
        return self.norm(y, name + ".post_per_layer_input_norm")

    def layer(self, x, layer):
        g = self.g
        name = f"layers.{layer}"
        y = self.attention(self.norm(x, name + ".input_layernorm"), layer)
        post = self.gemma
        if post:
            y = self.norm(y, name + ".post_attention_layernorm")
        g.scope = name + ".self_attn"
        x = g.binary("add", x, y)
        before = "pre_feedforward_layernorm" if post else "post_attention_layernorm"
        feed_forward = self.mixture if self.family.endswith("moe") else self.mlp
        y = feed_forward(self.norm(x, f"{name}.{before}"), name + ".mlp")
        if post:
            y = self.norm(y, name + ".post_feedforward_layernorm")
        g.scope = name + ".mlp"
        x = g.binary("add", x, y)
        if self.shared:
            x = g.binary("add", x, self.embed_in_layer(x, layer))
        if self.gemma4:
            x = g.binary("mul", x, g.leaf("weight", f'["{name}.layer_scalar"]', (1,), "bf16"))
        return x

    def read_step(self):
        g = self.g
        g.scope = "step"
        self.token = g.state("token", (1, self.rows), "i32", "step")
        self.position = g.state("position", (1,), "i32", "step")
        self.valid = g.state("valid", (1,), "i32", "step")
        self.length = g.binary("add", self.position, self.valid)
        row = g.iota(self.rows)
        self.positions = g.binary("add", g.broadcast(self.position, (self.rows,)), row)
        kept = g.binary("less", row, g.broadcast(self.valid, (self.rows,)), "i1")
        rows = g.select(kept, self.positions, g.full(-1, "i32"))
        self.cache_rows = g.reshape(rows, self.rows, 1, 1, 1)

    def head(self, x):
        g = self.g
        if self.rows > 1:
            g.scope = "step"
            last = g.binary("sub", self.valid, g.full(1, "i32"))
            x = g.take(x, last, axis=1)
        logits = g.linear(self.norm(x, "norm"), "lm_head", VOCAB, "f32")
        if self.family != "gemma2":
            return logits
        limit = g.full(30.0, "f32")
        return g.binary("mul", g.unary("tanh", g.binary("div", logits, limit)), limit)

    def advance(self, logits):
        g = self.g
        g.scope = "sampler"
        token = g.op("argmax", [logits], (1, 1), "i32", axis="2 : i64", keepdims="false")
        g.scope = "step"
        if self.rows == 1:
            g.write("token", token)
        ring = g.state("ring", (RING, 1), "i32", "ring")
        slot = g.binary("remainder", self.length, g.full(RING, "i32"))
        g.write("ring", g.scatter(ring, g.reshape(slot, 1, 1), token))
        g.write("position", self.length)

    def trace(self):
        g = self.g
        self.read_step()
        theta = [1e6, 1e4] if self.family == "gemma3" or self.gemma4 else [5e5]
        self.tables = [self.rope_tables(t) for t in theta]
        g.scope = "embed_tokens"
        x = g.cast(g.take(g.matrix("embed_tokens", VOCAB, HIDDEN), self.token), "bf16")
        if self.gemma:
            x = g.binary("mul", x, g.full(HIDDEN ** 0.5, "bf16"))
        if self.shared:
            self.embed_per_layer(x)
        for layer in range(self.layers):
            x = self.layer(x, layer)
        self.advance(self.head(x))
        name = "decode" if self.rows == 1 else f"prefill_{self.rows}"
        print("\n".join(g.states))
        print(f"func.func @{name}() {{")
        print("\n".join(g.lines))
        print("  return\n}")


parser = argparse.ArgumentParser()
parser.add_argument("family", choices=["llama", "qwen3", "gemma2", "gemma3", "gemma4", "gemma4_shared", "qwen3_moe",
                                       "qwen2_moe"])
parser.add_argument("--rows", type=int, default=1)
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--bits", type=int, choices=[2, 3, 4, 5, 6, 8])
options = parser.parse_args()
Decoder(options.family, options.rows, options.layers, options.bits).trace()
