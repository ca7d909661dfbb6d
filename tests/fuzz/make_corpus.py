#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the hand-made seeds of safetensors_fuzz and model_config_fuzz into corpus/.

One file per element type, structure or defect. Inputs that fuzzing finds are added beside them.
"""
import json
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"
BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}


def write(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def file_of(header, data=b""):
    text = header
    if not isinstance(header, bytes):
        text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors_seeds():
    for dtype, bits in BITS.items():
        size = 4 * bits // 8
        yield f"type_{dtype.lower()}", file_of({"t": entry(dtype, [2, 2], 0, size)}, bytes(size))
    yield "empty", b""
    yield "empty_object", file_of(b"{}      ")
    yield "metadata", file_of({"__metadata__": {"format": "pt", "\u00e4": "\n"}})
    yield "zero_sizes", file_of({"a": entry("F32", [0, 3], 0, 0), "b": entry("U8", [], 0, 1)}, b"x")
    two = {"b": entry("F32", [1], 2, 6), "a": entry("BF16", [1], 0, 2)}
    yield "two_tensors", file_of(two, bytes(6))
    yield "hole", file_of({"a": entry("U8", [1], 0, 1), "b": entry("U8", [1], 2, 3)}, b"xyz")
    yield "overlap", file_of({"a": entry("U8", [2], 0, 2), "b": entry("U8", [2], 1, 3)}, b"xyz")
    yield "product_wraps", file_of({"a": entry("U8", [1 << 32, 1 << 32], 0, 0)})
    yield "bits_wrap", file_of({"a": entry("F64", [1 << 58], 0, 0)})
    yield "beyond_the_file", file_of({"a": entry("U8", [1 << 40], 0, 1 << 40)})
    yield "end_before_begin", file_of({"a": entry("U8", [1], 1, 0)}, b"x")
    yield "huge_header", struct.pack("<Q", 2**64 - 1) + b"{}"
    yield "cut_header", struct.pack("<Q", 100) + b"{}"
    yield "tensor_twice", file_of(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
                                  b'"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', b"xy")
    yield "nul", file_of(b"{}\0MZ")
    yield "nested", file_of(b'{"a":{"shape":' + b"[" * 200)
    yield "rank_9", file_of({"a": entry("U8", [1] * 9, 0, 1)}, b"x")


def config_seeds():
    small = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2,
             "num_hidden_layers": 2, "vocab_size": 256, "head_dim": 16}
    llama3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 64}
    yarn = {"type": "yarn", "factor": 4, "original_max_position_embeddings": 32, "truncate": False,
            "mscale": 1.0, "mscale_all_dim": 0.5}
    yield "llama", {"model_type": "llama", **small, "rope_theta": 5e5, "rope_scaling": llama3}
    yield "llama_linear", {"model_type": "llama", **small, "mlp_bias": True,
                           "rope_parameters": {"rope_type": "linear", "factor": 2}}
    yield "qwen2", {"model_type": "qwen2", **small, "use_sliding_window": True,
                    "sliding_window": 8, "max_window_layers": 1, "rope_scaling": yarn}
    yield "qwen3", {"model_type": "qwen3", **small, "eos_token_id": [1, 2], "dtype": "bfloat16",
                    "layer_types": ["full_attention", "full_attention"]}
    yield "mistral", {"model_type": "mistral", **small, "sliding_window": None}
    yield "gemma3", {"model_type": "gemma3", "torch_dtype": "float16", "text_config": {
        **small, "sliding_window_pattern": 2, "final_logit_softcapping": 30,
        "rope_parameters": {"full_attention": {"rope_theta": 1e6, "partial_rotary_factor": 0.5},
                            "sliding_attention": {"rope_type": "proportional"}}}}
    yield "quantised", {"model_type": "llama", "quantization_config": {"quant_method": "fp8"}}
    yield "unknown", {"model_type": "gpt2"}


def main():
    for name, data in safetensors_seeds():
        write("safetensors_fuzz", name, data)
    for name, config in config_seeds():
        write("model_config_fuzz", name, json.dumps(config).encode())
    write("model_config_fuzz", "deep", b"[" * 200)
    write("model_config_fuzz", "key_twice", b'{"model_type":"llama","model_type":"qwen2"}')


if __name__ == "__main__":
    main()
