#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the hand-made seeds of safetensors_fuzz, checkpoint_fuzz, model_config_fuzz and tokenizer_fuzz into corpus/.

One file per element type, structure or defect. Inputs that fuzzing finds are added beside them.
"""
import base64
import json
import math
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


def checkpoint_seeds():
    """Triples of an index, a quantization_config and a shard."""
    def shard(tensors):
        header, data = {}, b""
        for name, (dtype, shape) in tensors.items():
            size = BITS[dtype] * math.prod(shape) // 8
            header[name] = entry(dtype, shape, len(data), len(data) + size)
            data += bytes((7 * i + 1) % 100 for i in range(size))
        return file_of(header, data)

    def index(tensors, **other):
        return {"weight_map": {**{name: "a.safetensors" for name in tensors}, **other}}

    plain = {"b": ("F64", [3]), "c": ("BF16", [2, 2])}
    yield "plain", index(plain), None, shard(plain)
    yield "other_folder", index(plain, d="../a.safetensors"), None, shard(plain)
    yield "absolute", index(plain, d="/etc/a.safetensors"), None, shard(plain)
    yield "absent_shard", index(plain, d="d.safetensors"), None, shard(plain)
    yield "absent_tensor", index(plain, d="a.safetensors"), None, shard(plain)
    yield "not_listed", index({"b": 0}), None, shard(plain)
    yield "no_map", {"metadata": {}}, None, shard(plain)
    yield "number_for_file", {"weight_map": {"b": 1}}, None, shard(plain)
    yield "float8_alone", index({"w": 0}), None, shard({"w": ("F8_E4M3", [2, 2])})
    matrices = {
        "gptq": ({"quant_method": "gptq", "bits": 4}, {
            "m.qweight": ("I32", [8, 8]), "m.qzeros": ("I32", [2, 1]), "m.scales": ("F16", [2, 8]), "m.g_idx": ("I32", [64])}),
        "awq": ({"quant_method": "awq"}, {
            "m.qweight": ("I32", [32, 2]), "m.qzeros": ("I32", [1, 2]), "m.scales": ("BF16", [1, 16])}),
        "compressed": ({"quant_method": "compressed-tensors"}, {
            "m.weight_packed": ("I32", [2, 4]), "m.weight_scale": ("F32", [2, 1]), "m.weight_shape": ("I32", [2]),
            "n.weight": ("I8", [2, 32]), "n.weight_scale": ("BF16", [1]), "n.weight_zero_point": ("I8", [1])}),
        "fp8": ({"quant_method": "fp8", "weight_block_size": [2, 32]}, {
            "m.weight": ("F8_E4M3", [3, 64]), "m.weight_scale_inv": ("F32", [2, 2])}),
        "mlx_mxfp8": ({"mode": "mxfp8", "bits": 8}, {"m.weight": ("U32", [2, 8]), "m.scales": ("U8", [2, 1])}),
        "mlx_vector": ({"mode": "mxfp4"}, {"m.weight": ("U32", [8]), "m.scales": ("U8", [8, 0])}),
    }
    for name, (config, tensors) in matrices.items():
        yield name, index(tensors), config, shard(tensors)


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
    yield "mistral3", {"model_type": "mistral3", "text_config": {
        "model_type": "ministral3", **small, "rope_parameters": {
            **yarn, "llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 16}}}
    yield "mixtral", {"model_type": "mixtral", **small, "num_local_experts": 4, "num_experts_per_tok": 2}
    yield "qwen2_moe", {"model_type": "qwen2_moe", **small, "num_experts": 4, "moe_intermediate_size": 32,
                        "shared_expert_intermediate_size": 48, "decoder_sparse_step": 2}
    yield "qwen3_moe", {"model_type": "qwen3_moe", **small, "mlp_only_layers": [1], "norm_topk_prob": True}
    yield "minimax_m2", {"model_type": "minimax_m2", **small, "rotary_dim": 8, "scoring_func": "sigmoid",
                         "attn_type_list": [1, 1], "shared_intermediate_size": 0}
    yield "gpt_oss", {"model_type": "gpt_oss", **small, "num_local_experts": 4, "swiglu_limit": 7.0,
                      "rope_scaling": {**yarn, "beta_fast": 32.0}, "sliding_window": 8}
    yield "gemma", {"model_type": "gemma", **small, "hidden_act": "gelu", "hidden_activation": None}
    yield "gemma2", {"model_type": "gemma2", **small, "attn_logit_softcapping": 20,
                     "final_logit_softcapping": None, "query_pre_attn_scalar": 24, "sliding_window": 8}
    yield "gemma3", {"model_type": "gemma3", "torch_dtype": "float16", "text_config": {
        **small, "sliding_window_pattern": 2, "final_logit_softcapping": 30,
        "rope_parameters": {"full_attention": {"rope_theta": 1e6, "partial_rotary_factor": 0.5},
                            "sliding_attention": {"rope_type": "proportional"}}}}
    yield "gemma4", {"model_type": "gemma4", "text_config": {
        **small, "layer_types": ["sliding_attention", "full_attention"], "attention_k_eq_v": True,
        "per_layer_config": {"1": {"head_dim": 32, "num_key_value_heads": 1}},
        "use_bidirectional_attention": "vision"}}
    yield "gemma4_shared", {"model_type": "gemma4_text", **small, "num_hidden_layers": 4, "layer_types": [
        "sliding_attention", "full_attention"] * 2, "num_kv_shared_layers": 2, "global_head_dim": 32,
        "use_double_wide_mlp": True, "hidden_size_per_layer_input": 16, "vocab_size_per_layer_input": 256}
    yield "mamba2", {"model_type": "mamba2", "hidden_size": 64, "num_heads": 8, "head_dim": 16, "n_groups": 2,
                     "time_step_limit": [0.0, {"__float__": "Infinity"}]}
    yield "qwen3_5", {"model_type": "qwen3_5", "text_config": {**small, "linear_num_key_heads": 2,
        "linear_num_value_heads": 4, "full_attention_interval": 2, "rope_parameters": {"mrope_section": [1, 1]}}}
    yield "bert", {"model_type": "bert", **small, "architectures": ["BertForSequenceClassification"],
                   "id2label": {"0": "LABEL_0"}, "layer_norm_eps": 1e-12}
    yield "quantised", {"model_type": "llama", "quantization_config": {"quant_method": "fp8"}}
    yield "unknown", {"model_type": "gpt2"}


def tokenizer_seeds():
    """Pairs of a tokenizer.json without its model, and a text."""
    def split(pattern, behavior="Isolated", kind="Regex"):
        return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": False}

    def steps(key, *entries):
        return {"type": "Sequence", key: list(entries)}

    blank = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    mark = {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 1}
    start = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    template = {"type": "TemplateProcessing", "single": [start, {"Sequence": {"id": "A", "type_id": 0}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}}}
    frame = {"sep": ["a", 0], "cls": ["<s>", 3]}
    yield "sentencepiece", {
        "normalizer": steps("normalizers", {"type": "Prepend", "prepend": "\u2581"}, blank),
        "post_processor": template,
        "decoder": steps("decoders", mark, {"type": "ByteFallback"}, {"type": "Fuse"}, strip),
    }, "ab <s>ba \u00e9"
    yield "byte_level", {
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": steps("pretokenizers", split(r"(?i:'s|'t)|[^\r\n\p{L}]?\p{L}+|\s+(?!\S)|\s+"),
                               {"type": "ByteLevel", "add_prefix_space": True, "use_regex": False}),
        "post_processor": {"type": "ByteLevel"}, "decoder": {"type": "ByteLevel"},
    }, "ab's e\u0301\t ba"
    yield "metaspace", {
        "normalizer": {"type": "Strip", "strip_left": True, "strip_right": True},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"},
        "post_processor": {"type": "RobertaProcessing", **frame}, "decoder": {"type": "Metaspace"},
    }, " ab  b"
    yield "bert", {
        "normalizer": {"type": "BertNormalizer", "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", **frame}, "decoder": {"type": "WordPiece"},
    }, "A\u00c1\u4e2d, a."
    yield "words", {
        "normalizer": steps("normalizers", {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}),
        "pre_tokenizer": steps("pretokenizers", {"type": "Whitespace"}, {"type": "Digits", "individual_digits": True},
                               {"type": "Punctuation", "behavior": "MergedWithNext"}),
        "decoder": {"type": "BPEDecoder", "suffix": "b"},
    }, "\u00c0b12,a_b"
    vocab = {"?": 0, "a": 1, "##b": 2, "<s>": 3, "ba": 9}
    yield "wordpiece", {
        "model": {"type": "WordPiece", "unk_token": "?", "max_input_chars_per_word": 5, "vocab": vocab},
        "pre_tokenizer": {"type": "FixedLength", "length": 4}, "decoder": {"type": "CTC", "pad_token": "a"},
    }, "abb ba abc"
    pieces = [["?", 0], ["a", -1], ["ab", -2.5], ["<s>", 0], ["<0xC3>", -9]]
    yield "unigram", {
        "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": True, "vocab": pieces},
        "normalizer": steps("normalizers", {"type": "Nmt"}, {
            "type": "Precompiled",
            "precompiled_charsmap": base64.b64encode(struct.pack("<III", 8, 0, 1 << 10 | 0x100 | 1) + b"b\0").decode()}),
        "pre_tokenizer": {"type": "CharDelimiterSplit", "delimiter": " "},
    }, "abb \u00e9\u0301a"
    yield "syntax", {
        "pre_tokenizer": steps(
            "pretokenizers", split(r"[\w&&[^a-c[\d]]]{1,3}+|\b(?<n>a)\k<n>|(?m:.)\u0041", "MergedWithPrevious"),
            split("\\p{^Han}{,2}?(?x: a # b\n)|[[:^alpha:]\\S]", "Contiguous"), split("x*", "Removed")),
    }, "abc a1 AA"


TOKENIZER_PARTS = {
    "version": "1.0",
    "added_tokens": [
        {"id": 3, "content": "<s>", "special": True},
        {"id": 9, "content": "ba", "single_word": True, "lstrip": True, "rstrip": True, "normalized": True},
    ],
    "model": {
        "type": "BPE", "unk_token": "?", "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
        "vocab": {"a": 0, "b": 1, "ab": 2, "<s>": 3, "\u2581": 4, "\u2581a": 5, "<0xC3>": 6, "<0xA9>": 7,
                  "?": 8, "\u0120": 10, " ": 11},
        "merges": ["a b", ["\u2581", "a"]],
    },
}


def main():
    for name, data in safetensors_seeds():
        write("safetensors_fuzz", name, data)
    for name, config in config_seeds():
        write("model_config_fuzz", name, json.dumps(config).encode())
    for name, index, config, shard in checkpoint_seeds():
        parts = [json.dumps(index).encode(), json.dumps(config).encode() if config else b"", shard]
        write("checkpoint_fuzz", name, b"\0".join(parts))
    for name, parts, text in tokenizer_seeds():
        description = json.dumps({**TOKENIZER_PARTS, **parts}, separators=(",", ":"))
        write("tokenizer_fuzz", name, description.encode() + b"\0" + text.encode())
    write("model_config_fuzz", "deep", b"[" * 200)
    write("model_config_fuzz", "key_twice", b'{"model_type":"llama","model_type":"qwen2"}')


if __name__ == "__main__":
    main()
