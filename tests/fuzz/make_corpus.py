#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the hand-made seeds of the targets for GGUF, safetensors, indices, configs and tokenizers into corpus/.

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


# Number, elements and bytes of a block, of the types of GGUF tensors.
GGUF_TYPES = {"f32": (0, 1, 4), "f16": (1, 1, 2), "q4_0": (2, 32, 18), "q4_1": (3, 32, 20), "q5_0": (6, 32, 22),
              "q5_1": (7, 32, 24), "q8_0": (8, 32, 34), "q2_k": (10, 256, 84), "q3_k": (11, 256, 110),
              "q4_k": (12, 256, 144), "q5_k": (13, 256, 176), "q6_k": (14, 256, 210), "iq1_s": (19, 256, 50),
              "iq4_nl": (20, 32, 18), "iq4_xs": (23, 256, 136), "i8": (24, 1, 1), "f64": (28, 1, 8),
              "bf16": (30, 1, 2), "mxfp4": (39, 32, 17)}
GGUF_VALUES = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<B", 10: "<Q", 11: "<q", 12: "<d"}


def counted(text):
    return struct.pack("<Q", len(text)) + text


def gguf_of(keys=(), tensors=(), data=b"", version=3, counts=None, magic=b"GGUF"):
    tensor_count, key_count = counts or (len(tensors), len(keys))
    head = magic + struct.pack("<Iqq", version, tensor_count, key_count) + b"".join(keys) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data


def gguf_key(name, kind, value):
    return counted(name) + struct.pack("<I", kind) + value


def gguf_tensor(name, dims, kind, offset=0):
    return counted(name) + struct.pack(f"<I{len(dims)}qIQ", len(dims), *dims, kind, offset)


def gguf_seeds():
    for name, (kind, elements, size) in GGUF_TYPES.items():
        yield f"type_{name}", gguf_of((), [gguf_tensor(b"t", [elements, 2], kind)], bytes(range(256)) * 3)
    for kind, layout in GGUF_VALUES.items():
        one = struct.pack(layout, 1)
        yield f"value_{kind}", gguf_of([gguf_key(b"k", kind, one)])
        yield f"array_{kind}", gguf_of([gguf_key(b"k", 9, struct.pack("<IQ", kind, 2) + one * 2)])
    yield "text", gguf_of([gguf_key(b"k", 8, counted(b"text"))])
    yield "texts", gguf_of([gguf_key(b"k", 9, struct.pack("<IQ", 8, 2) + counted(b"a") + counted(b""))])
    yield "empty", gguf_of()
    yield "version_2", gguf_of(version=2)
    yield "big_endian", gguf_of(version=3 << 24)
    yield "other_magic", gguf_of(magic=b"GGML")
    yield "nested_array", gguf_of([gguf_key(b"k", 9, struct.pack("<IQ", 9, 1))])
    yield "array_size_wraps", gguf_of([gguf_key(b"k", 9, struct.pack("<IQ", 10, 1 << 61))])
    yield "texts_beyond_the_file", gguf_of([gguf_key(b"k", 9, struct.pack("<IQ", 8, 1 << 40))])
    yield "text_length_wraps", gguf_of([gguf_key(b"k", 8, struct.pack("<Q", 2**64 - 1))])
    yield "key_length_wraps", gguf_of([struct.pack("<Q", 2**64 - 1)])
    yield "empty_key", gguf_of([gguf_key(b"", 0, b"x")])
    yield "key_twice", gguf_of([gguf_key(b"k", 0, b"x")] * 2)
    yield "counts_wrap", gguf_of(counts=(2**63 - 1, 2**63 - 1))
    yield "counts_negative", gguf_of(counts=(-1, -1))
    yield "tensor_count_wraps", gguf_of(counts=(2**61 + 1, 0))
    for alignment in (0, 1, 3, 64, 2**31, 2**32 - 1):
        yield f"alignment_{alignment}", gguf_of([gguf_key(b"general.alignment", 4, struct.pack("<I", alignment))])
    f32, q4_0 = 0, 2
    for name, dims, kind in (("rank_5", [1] * 5, f32), ("negative", [-1], f32), ("zero", [0, 3], f32),
                             ("zero_and_huge", [0, 1 << 32, 1 << 32], f32), ("wraps", [1 << 32, 1 << 32], f32),
                             ("wraps_in_bytes", [1 << 62], f32), ("wraps_in_blocks", [32, 1 << 59, 4], q4_0),
                             ("beyond_the_file", [1 << 40], f32), ("not_whole_blocks", [33], q4_0)):
        yield f"shape_{name}", gguf_of((), [gguf_tensor(b"t", dims, kind)], bytes(64))
    yield "unknown_type", gguf_of((), [gguf_tensor(b"t", [32], 4)], bytes(64))
    yield "offset_wraps", gguf_of((), [gguf_tensor(b"t", [1], f32, 2**64 - 32)], bytes(64))
    yield "overlap", gguf_of((), [gguf_tensor(b"a", [8], f32), gguf_tensor(b"b", [8], f32)], bytes(64))
    yield "hole", gguf_of((), [gguf_tensor(b"a", [8], f32), gguf_tensor(b"b", [8], f32, 64)], bytes(96))
    yield "tensor_twice", gguf_of((), [gguf_tensor(b"a", [8], f32), gguf_tensor(b"a", [8], f32, 32)], bytes(64))
    yield "no_name", gguf_of((), [gguf_tensor(b"", [1], f32)], bytes(4))
    yield "long_name", gguf_of((), [gguf_tensor(b"n" * 65, [1], f32)], bytes(4))


def gguf_value(value):
    """A key's value: text, bool, int (u32), float (f32), a list of one of them, or bytes (a list of u8)."""
    if isinstance(value, bytes):
        return 9, struct.pack("<IQ", 0, len(value)) + value
    def scalar(x):
        if isinstance(x, bool):
            return 7, struct.pack("<B", x)
        if isinstance(x, int):
            return 4, struct.pack("<I", x)
        if isinstance(x, float):
            return 6, struct.pack("<f", x)
        return 8, counted(x.encode())
    if not isinstance(value, list):
        return scalar(value)
    items = [scalar(x) for x in value]
    return 9, struct.pack("<IQ", items[0][0], len(items)) + b"".join(data for _, data in items)


def gguf_model(architecture, keys=None, kind="f32", matrices=(), without=()):
    """One layer with heads of 4 in 32 columns and 5 tokens."""
    stated = {"block_count": 1, "embedding_length": 32, "feed_forward_length": 32, "context_length": 64,
              "attention.head_count": 2, "attention.head_count_kv": 1, "attention.key_length": 4,
              "attention.layer_norm_rms_epsilon": 1e-5}
    metadata = {"general.architecture": architecture, **{f"{architecture}.{k}": v for k, v in stated.items()},
                **(keys or {})}
    shapes = {"token_embd": [32, 5], "output_norm": [32], "blk.0.attn_norm": [32], "blk.0.ffn_norm": [32],
              "blk.0.attn_q": [32, 8], "blk.0.attn_k": [32, 4], "blk.0.attn_v": [32, 4], "blk.0.attn_output": [8, 32],
              "blk.0.ffn_gate": [32, 32], "blk.0.ffn_up": [32, 32], "blk.0.ffn_down": [32, 32],
              **dict(matrices)}
    tensors, data = [], b""
    for name, dims in shapes.items():
        if name in without:
            continue
        name += "" if name.endswith((".bias", ".ssm_a", ".ssm_d")) else ".weight"
        number, elements, size = GGUF_TYPES[kind if len(dims) == 2 and dims[0] % 32 == 0 else "f32"]
        tensors.append(gguf_tensor(name.encode(), dims, number, len(data)))
        count = dims[0] * (dims[1] if len(dims) == 2 else 1) // elements * size
        data += bytes(i % 61 for i in range(count)) + bytes(-count % 32)
    return gguf_of([gguf_key(k.encode(), *gguf_value(v)) for k, v in metadata.items()], tensors, data)


def gguf_model_seeds():
    def tokens(kind, **keys):
        return {"tokenizer.ggml.model": kind, **{f"tokenizer.ggml.{k}": v for k, v in keys.items()}}

    letters = ["a", "b", "ab", "<s>", "\u2581"]
    pieces = tokens("llama", tokens=letters, scores=[0.0, 0.0, -1.0, 0.0, 0.0], token_type=[1, 1, 1, 3, 1],
                    bos_token_id=3, unknown_token_id=0)
    bytes_of = {"pre": "llama-bpe", "merges": ["a b"], "tokens": letters}
    yield "llama", gguf_model("llama", {**pieces, "llama.rope.dimension_count": 4})
    yield "llama_q8_0", gguf_model("llama", {"tokenizer.chat_template": "{{ messages }}"}, "q8_0")
    yield "llama_mxfp4", gguf_model("llama", tokens("gpt2", **bytes_of), "mxfp4")
    yield "llama_divided_rope", gguf_model("llama", matrices={"rope_freqs": [2]})
    yield "mistral", gguf_model("llama", {"llama.attention.sliding_window": 8})
    yield "qwen2_yarn", gguf_model("qwen2", {"qwen2.rope.scaling.type": "yarn", "qwen2.rope.scaling.factor": 4.0})
    yield "qwen3", gguf_model("qwen3", {"tokenizer.huggingface.json": "{}", "qwen3.feed_forward_length": [32]})
    norms = {f"blk.0.{n}": [32] for n in ("post_attention_norm", "post_ffw_norm")}
    yield "gemma3", gguf_model("gemma3", {"gemma3.attention.sliding_window": 8}, "q4_0", norms)
    yield "mistral3", gguf_model("mistral3", {
        "mistral3.rope.scaling.type": "yarn", "mistral3.rope.scaling.factor": 16.0,
        "mistral3.rope.scaling.yarn_log_multiplier": 1.0, "mistral3.attention.temperature_scale": 0.1})

    def memory(architecture, heads):
        return {f"{architecture}.ssm.{k}": v for k, v in
                {"conv_kernel": 4, "state_size": 4, "group_count": 2, "time_step_rank": heads,
                 "inner_size": 8 * heads}.items()}

    # Four value heads of 8 on two key heads of 4.
    net = {"blk.0.post_attention_norm": [32], "blk.0.attn_qkv": [32, 48], "blk.0.attn_gate": [32, 32],
           "blk.0.ssm_conv1d": [4, 48], "blk.0.ssm_a": [4], "blk.0.ssm_dt.bias": [4], "blk.0.ssm_norm": [8],
           "blk.0.ssm_out": [32, 32]}
    rates = {"blk.0.ssm_alpha": [32, 4], "blk.0.ssm_beta": [32, 4]}
    for kind in ("f32", "q8_0"):
        yield f"qwen35_{kind}", gguf_model("qwen35", memory("qwen35", 4), kind, {**net, **rates},
                                           ("blk.0.ffn_norm",))
    yield "qwen35_odd_rows", gguf_model("qwen35", memory("qwen35", 4), "f32",
                                        {**net, **rates, "blk.0.attn_gate": [32, 31]}, ("blk.0.ffn_norm",))
    yield "qwen35_odd_heads", gguf_model("qwen35", {**memory("qwen35", 4), "qwen35.ssm.group_count": 3}, "f32",
                                         {**net, **rates}, ("blk.0.ffn_norm",))
    yield "qwen35_only_drafts", gguf_model("qwen35", {**memory("qwen35", 4), "qwen35.nextn_predict_layers": 1})
    yield "qwen3next", gguf_model("qwen3next", memory("qwen3next", 4), "q8_0", {**net, "blk.0.ssm_ba": [32, 8]},
                                  ("blk.0.ffn_norm",))
    mixer = {"blk.0.ssm_in": [32, 152], "blk.0.ssm_conv1d": [4, 80], "blk.0.ssm_conv1d.bias": [80],
             "blk.0.ssm_a": [1, 8], "blk.0.ssm_d": [1, 8], "blk.0.ssm_dt.bias": [8], "blk.0.ssm_norm": [32, 2],
             "blk.0.ssm_out": [64, 32]}
    transformer = [f"blk.0.{n}" for n in ("ffn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate",
                                          "ffn_up", "ffn_down")]
    yield "mamba2", gguf_model("mamba2", memory("mamba2", 8), "f32", mixer, transformer)
    bert = {"bert.attention.layer_norm_epsilon": 1e-5, "bert.pooling_type": 4}
    encoder = {"position_embd": [32, 8], "token_types": [32, 2], "token_embd_norm": [32], "token_embd_norm.bias": [32],
               "blk.0.attn_output_norm": [32], "blk.0.layer_output_norm": [32], "cls": [32, 32], "cls.output": [32, 1]}
    words = tokens("bert", tokens=["[UNK]", "[CLS]", "[SEP]", "\u2581a", "b"], token_type=[3, 3, 3, 1, 1],
                   unknown_token_id=0, cls_token_id=1, seperator_token_id=2)
    decoder_only = ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm", "blk.0.ffn_gate"]
    yield "bert", gguf_model("bert", {**bert, **words}, "q8_0", encoder, decoder_only)
    yield "bert_without_positions", gguf_model("bert", bert, "f32", encoder, [*decoder_only, "position_embd"])
    yield "bert_half_a_classifier", gguf_model("bert", bert, "f32", encoder, [*decoder_only, "cls"])
    unigram = tokens("t5", tokens=letters, scores=[0.0, -1.0, -1.5, 0.0, -2.0], token_type=[2, 1, 1, 3, 1],
                     unknown_token_id=0, eos_token_id=3, remove_extra_whitespaces=True)
    maps = {"": struct.pack("<III", 8, 0x400, 0) + b"\0", "_cut": b"\x08\0\0\0abc", "_wraps": struct.pack("<I", 2**32 - 4)}
    for name, compiled in maps.items():
        yield f"unigram{name}", gguf_model("llama", {**unigram, "tokenizer.ggml.precompiled_charsmap": compiled})
    yield "unigram_unknown_beyond_the_list", gguf_model("llama", {**unigram, "tokenizer.ggml.unknown_token_id": 5})
    yield "unigram_infinite_score", gguf_model("llama", {**unigram, "tokenizer.ggml.scores": [float("inf")] * 5})
    yield "no_layers", gguf_model("llama", {"llama.block_count": 0})
    yield "no_heads", gguf_model("llama", {"llama.attention.head_count": 0})
    yield "no_kv_heads", gguf_model("llama", {"llama.attention.head_count_kv": 0})
    yield "many_layers", gguf_model("llama", {"llama.block_count": 513 << 10})
    yield "part_of_two", gguf_model("llama", {"split.count": 2, "split.no": 0})
    yield "unknown_tensor", gguf_model("llama", matrices={"blk.0.attn_rot": [32, 1]})
    yield "unknown_architecture", gguf_model("gpt9")
    yield "token_twice", gguf_model("llama", tokens("llama", tokens=["a", "a"], scores=[0.0, 0.0]))
    yield "token_beyond_the_list", gguf_model("llama", {**pieces, "tokenizer.ggml.bos_token_id": 2**31})
    yield "byte_token_out_of_range", gguf_model("llama", tokens("llama", tokens=["<0x-1>"], scores=[0.0],
                                                               token_type=[6]))
    yield "long_token", gguf_model("llama", tokens("llama", tokens=["a" * 257], scores=[0.0]))


def index_seeds():
    places = {"x": "a.safetensors", "y": "a.safetensors", "z": "b.safetensors"}
    yield "good", {"metadata": {"total_size": 12}, "weight_map": places}
    yield "leads_out", {"weight_map": {**places, "x": "../a.safetensors"}}
    yield "absent_file", {"weight_map": {**places, "x": "c.safetensors"}}
    yield "swapped", {"weight_map": {**places, "x": "b.safetensors"}}
    yield "lists_too_much", {"weight_map": {**places, "w": "a.safetensors"}}
    yield "lists_too_little", {"weight_map": {"x": "a.safetensors"}}
    yield "empty", {"weight_map": {}}
    yield "no_text", {"weight_map": {"x": 1}}
    yield "no_object", {"weight_map": ["a.safetensors"]}
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
    for name, data in gguf_seeds():
        write("gguf_fuzz", name, data)
    for name, data in gguf_model_seeds():
        write("gguf_fuzz", f"model_{name}", data)
    for name, index in index_seeds():
        write("checkpoint_index_fuzz", name, json.dumps(index).encode())
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
