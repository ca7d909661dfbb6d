# SPDX-License-Identifier: Apache-2.0
"""Writes quantized/NAME/: a small Llama in every layout of quantised matrices, and what it computes.

Numbers, zeros and scales are random; `weight` says what they mean, written down from the definition of
the layout, and the forward pass is computed from that in float64. Needs numpy only; run from any folder.
expected.safetensors: `input_ids` [1, T], `logits` [1, T, V], and the dequantised `k_proj` of the layer.
"""
import json
import pathlib
import struct
import zlib

import numpy as np

HIDDEN, WIDE, HEADS, KV_HEADS, HEAD, VOCAB, TOKENS = 64, 96, 4, 2, 16, 32, 12
MODULES = {
    "self_attn.q_proj": (HEADS * HEAD, HIDDEN), "self_attn.k_proj": (KV_HEADS * HEAD, HIDDEN),
    "self_attn.v_proj": (KV_HEADS * HEAD, HIDDEN), "self_attn.o_proj": (HIDDEN, HEADS * HEAD),
    "mlp.gate_proj": (WIDE, HIDDEN), "mlp.up_proj": (WIDE, HIDDEN), "mlp.down_proj": (HIDDEN, WIDE),
}
DTYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int8": "I8",
          "uint32": "U32", "uint8": "U8"}


# ---- Files


class F8:
    """Bytes of e4m3."""
    def __init__(self, codes):
        self.codes = codes


def bf16(values):
    """Rounded to bfloat16, as float64: here by cutting."""
    bits = np.asarray(values, np.float32).view(np.uint32) & 0xFFFF0000
    return bits.view(np.float32).astype(np.float64)


class BF16:
    def __init__(self, values):
        self.bits = (np.asarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def stored(value):
    if isinstance(value, F8):
        return "F8_E4M3", value.codes.astype(np.uint8)
    if isinstance(value, BF16):
        return "BF16", value.bits
    value = np.ascontiguousarray(value)
    return DTYPES[value.dtype.name], value


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, value in sorted(tensors.items()):
        dtype, array = stored(value)
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


# ---- Numbers


def stream_words(numbers, bits):
    """Rows of numbers as streams of bits, lowest first, in 32-bit words."""
    rows = []
    for row in numbers:
        stream = 0
        for i, number in enumerate(row):
            stream |= int(number) << (bits * i)
        count = len(row) * bits // 32
        rows.append([stream >> (32 * i) & 0xFFFFFFFF for i in range(count)])
    return np.array(rows, np.uint32)


def e2m1(codes):
    table = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    return np.where(codes & 8, -1.0, 1.0) * table[codes & 7]


def e4m3(codes):
    exponent, mantissa = codes >> 3 & 15, codes & 7
    magnitude = np.where(exponent == 0, mantissa * 2.0**-9, (8 + mantissa) * 2.0 ** (exponent.astype(int) - 10))
    return np.where(codes & 128, -magnitude, magnitude)


def random_e4m3(random, shape):
    codes = random.integers(0, 256, shape)
    return np.where(codes & 127 == 127, codes ^ 1, codes)


def spread(values, group):
    """Values for each group of columns, for every column."""
    return np.repeat(values, group, axis=1)


def scales_of(random, shape, largest, dtype=np.float16):
    """Positive, such that numbers up to `largest` become weights of about 1 / 8."""
    return (random.uniform(0.5, 1, shape) / (4 * largest)).astype(dtype)


# ---- Layouts: a function gives the tensors of one module [out, in] and its weights


def gptq(bits, group, version):
    def make(random, rows, columns):
        q = random.integers(0, 2**bits, (rows, columns))
        zeros = random.integers(1, 2**bits - 1, (rows, columns // group))
        scales = scales_of(random, zeros.shape, 2**bits)
        return {
            "qweight": stream_words(q, bits).T.astype(np.int32),
            "qzeros": stream_words((zeros - (1 if version == 1 else 0)).T, bits).astype(np.int32),
            "scales": scales.T, "g_idx": (np.arange(columns) // group).astype(np.int32),
        }, (q - spread(zeros, group)) * spread(scales.astype(np.float64), group)
    return make


def gptq_symmetric(random, rows, columns):
    q = random.integers(0, 16, (rows, columns))
    scales = scales_of(random, (rows, 1), 16)
    zeros = np.full((1, rows), 7)
    return {"qweight": stream_words(q, 4).T.astype(np.int32), "qzeros": stream_words(zeros, 4).astype(np.int32),
            "scales": scales.T}, (q - 8) * scales.astype(np.float64)


def awq_words(numbers):
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    blocks = numbers.reshape(len(numbers), -1, 8)[:, :, order]
    return stream_words(blocks.reshape(len(numbers), -1), 4).astype(np.int32)


def awq(random, rows, columns, group=32):
    q = random.integers(0, 16, (rows, columns))
    zeros = random.integers(0, 16, (rows, columns // group))
    scales = scales_of(random, zeros.shape, 16)
    return {"qweight": awq_words(q.T), "qzeros": awq_words(zeros.T), "scales": scales.T,
            }, (q - spread(zeros, group)) * spread(scales.astype(np.float64), group)


def compressed_int4(random, rows, columns, group=32):
    q, zeros = random.integers(-8, 8, (rows, columns)), random.integers(-8, 8, (rows, columns // group))
    scales = bf16(scales_of(random, zeros.shape, 16, np.float32))
    return {"weight_packed": stream_words(q + 8, 4).astype(np.int32), "weight_scale": BF16(scales),
            "weight_zero_point": stream_words((zeros + 8).T, 4).T.astype(np.int32),
            "weight_shape": np.array([rows, columns], np.int64)}, (q - spread(zeros, group)) * spread(scales, group)


def compressed_int8(random, rows, columns):
    q = random.integers(-128, 128, (rows, columns))
    scales = bf16(scales_of(random, (rows, 1), 256, np.float32))
    return {"weight_packed": stream_words(q + 128, 8).astype(np.int32), "weight_scale": BF16(scales),
            "weight_shape": np.array([rows, columns], np.int64)}, q * scales


def compressed_bytes(random, rows, columns):
    q, zeros = random.integers(-128, 128, (rows, columns)), random.integers(-128, 128, (rows, 1))
    scales = scales_of(random, (rows, 1), 256, np.float32)
    return {"weight": q.astype(np.int8), "weight_scale": scales, "weight_zero_point": zeros.astype(np.int8),
            }, (q - zeros) * scales.astype(np.float64)


def compressed_float8(random, rows, columns):
    codes = random_e4m3(random, (rows, columns))
    scales = bf16(scales_of(random, (rows, 1), 100, np.float32))
    return {"weight": F8(codes), "weight_scale": BF16(scales)}, e4m3(codes) * scales


def compressed_nvfp4(random, rows, columns):
    codes, scales = random.integers(0, 16, (rows, columns)), random.integers(0x30, 0x60, (rows, columns // 16))
    divisor = np.array([128], np.float32)
    packed = (codes[:, 0::2] | codes[:, 1::2] << 4).astype(np.uint8)
    return {"weight_packed": packed, "weight_scale": F8(scales), "weight_global_scale": divisor,
            }, e2m1(codes) * spread(e4m3(scales) / float(divisor[0]), 16)


def float8_blocks(random, rows, columns, block=(48, 32)):
    codes = random_e4m3(random, (rows, columns))
    scales = scales_of(random, (-(-rows // block[0]), -(-columns // block[1])), 100, np.float32)
    by_row = np.repeat(scales, block[0], axis=0)[:rows].astype(np.float64)
    return {"weight": F8(codes), "weight_scale_inv": scales}, e4m3(codes) * spread(by_row, block[1])[:, :columns]


def float8_tensor(random, rows, columns):
    codes, scale = random_e4m3(random, (rows, columns)), np.float32(0.003)
    return {"weight": F8(codes), "weight_scale_inv": np.array(scale)}, e4m3(codes) * float(scale)


def microscaled(bits, group, decode, scale_codes, decode_scale):
    """MLX's modes of floats."""
    def make(random, rows, columns):
        codes = random.integers(0, 16, (rows, columns)) if bits == 4 else random_e4m3(random, (rows, columns))
        scales = random.integers(*scale_codes, (rows, columns // group))
        return {"weight": stream_words(codes, bits), "scales": scales.astype(np.uint8),
                }, decode(codes) * spread(decode_scale(scales), group)
    return make


def e8m0(codes):
    return 2.0 ** (codes - 127.0)


CASES = {
    "gptq": ({"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": False, "sym": False}, gptq(4, 32, 1)),
    "gptq_v2": ({"quant_method": "gptq", "bits": 8, "checkpoint_format": "gptq_v2"}, gptq(8, 32, 2)),
    "gptq_3bit": ({"quant_method": "gptq", "bits": 3, "checkpoint_format": "gptq"}, gptq(3, 32, 1)),
    "gptq_symmetric": ({"quant_method": "gptq", "bits": 4, "group_size": -1, "sym": True}, gptq_symmetric),
    "awq": ({"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": True}, awq),
    "compressed_int4": ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, compressed_int4),
    "compressed_int8": ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, compressed_int8),
    "compressed_bytes": ({"quant_method": "compressed-tensors", "format": "int-quantized"}, compressed_bytes),
    "compressed_float8": ({"quant_method": "compressed-tensors", "format": "float-quantized"}, compressed_float8),
    "compressed_nvfp4": ({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}, compressed_nvfp4),
    "fp8_blocks": ({"quant_method": "fp8", "weight_block_size": [48, 32]}, float8_blocks),
    "fp8_tensor": ({"quant_method": "fp8", "activation_scheme": "static"}, float8_tensor),
    "mlx_mxfp4": ({"mode": "mxfp4", "bits": 4, "group_size": 32}, microscaled(4, 32, e2m1, (120, 126), e8m0)),
    "mlx_mxfp8": ({"mode": "mxfp8", "bits": 8, "group_size": 32}, microscaled(8, 32, e4m3, (115, 120), e8m0)),
    "mlx_nvfp4": ({"mode": "nvfp4", "bits": 4, "group_size": 16}, microscaled(4, 16, e2m1, (0x10, 0x20), e4m3)),
}


# ---- The model


def rms_norm(x, weight):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + 1e-6) * weight


def rotated(x):
    """x [heads, T, HEAD], in halves."""
    half = HEAD // 2
    angles = np.arange(x.shape[1])[:, None] * 10000.0 ** (-np.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], -1)


def heads(x, count):
    return x.reshape(len(x), count, HEAD).transpose(1, 0, 2)


def attention(x, weights):
    q = rotated(heads(x @ weights["self_attn.q_proj"].T, HEADS))
    k = rotated(heads(x @ weights["self_attn.k_proj"].T, KV_HEADS)).repeat(HEADS // KV_HEADS, axis=0)
    v = heads(x @ weights["self_attn.v_proj"].T, KV_HEADS).repeat(HEADS // KV_HEADS, axis=0)
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(HEAD)
    scores = np.where(np.tril(np.ones(scores.shape[1:])) > 0, scores, -np.inf)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    return (scores @ v).transpose(1, 0, 2).reshape(len(x), -1) @ weights["self_attn.o_proj"].T


def mlp(x, weights):
    gate = x @ weights["mlp.gate_proj"].T
    return (gate / (1 + np.exp(-gate)) * (x @ weights["mlp.up_proj"].T)) @ weights["mlp.down_proj"].T


def logits(ids, embedding, norms, weights):
    x = embedding[ids]
    x = x + attention(rms_norm(x, norms["input_layernorm"]), weights)
    x = x + mlp(rms_norm(x, norms["post_attention_layernorm"]), weights)
    return rms_norm(x, norms["norm"]) @ embedding.T


def write_case(folder, config, make):
    random = np.random.default_rng(zlib.crc32(folder.name.encode()))
    layer, tensors, weights = "model.layers.0.", {}, {}
    for module, (rows, columns) in MODULES.items():
        parts, weights[module] = make(random, rows, columns)
        tensors.update({f"{layer}{module}.{name}": value for name, value in parts.items()})
    embedding = random.normal(0, 1, (VOCAB, HIDDEN)).astype(np.float32)
    norms = {name: random.uniform(0.5, 1.5, HIDDEN) for name in ("input_layernorm", "post_attention_layernorm", "norm")}
    tensors["model.embed_tokens.weight"] = embedding
    for name, norm in norms.items():
        tensors[("model." if name == "norm" else layer) + name + ".weight"] = norm
    ids = random.integers(0, VOCAB, TOKENS)
    folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(folder / "model.safetensors", tensors)
    norms = {name: norm.astype(np.float32).astype(np.float64) for name, norm in norms.items()}
    result = logits(ids, embedding.astype(np.float64), norms, weights)
    write_safetensors(folder / "expected.safetensors", {
        "input_ids": ids[None].astype(np.int64), "logits": result[None].astype(np.float32),
        "k_proj": weights["self_attn.k_proj"].astype(np.float32)})
    key = "quantization_config" if "quant_method" in config else "quantization"
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": WIDE, "num_hidden_layers": 1,
        "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD, "vocab_size": VOCAB,
        "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": True, "max_position_embeddings": 64,
        "dtype": "float32", key: config}, indent=1) + "\n")


def main():
    for name, (config, make) in CASES.items():
        write_case(pathlib.Path(__file__).parent / "quantized" / name, config, make)


if __name__ == "__main__":
    main()
