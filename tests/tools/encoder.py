# SPDX-License-Identifier: Apache-2.0
"""Helps encoder.test: writes a tokenizer, reads embeddings and rankings."""

import json
import struct
import sys


def tokenizer():
    special = [{"id": i, "content": f"[{name}]", "special": True} for i, name in ((2, "CLS"), (3, "SEP"))]
    print(json.dumps({"version": "1.0", "added_tokens": special,
                      "model": {"type": "BPE", "merges": [], "vocab": {c: 10 + i for i, c in enumerate("abcd")}},
                      "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]}}))


def lengths(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    rows, width = json.loads(data[8:8 + size])["embeddings"]["shape"]
    values = struct.unpack(f"<{rows * width}f", data[8 + size:])
    found = [sum(v * v for v in values[i * width:(i + 1) * width]) ** 0.5 for i in range(rows)]
    print(f"{rows} embeddings of {width}, lengths", *(f"{length:.3f}" for length in found))


def ranking(path):
    rows = [json.loads(line) for line in open(path)]
    assert sorted((row["index"], row["document"]) for row in rows) == [(0, "cd"), (1, "ba")], rows
    assert rows[0]["score"] > rows[1]["score"], rows


{"tokenizer": tokenizer, "lengths": lengths, "ranking": ranking}[sys.argv[1]](*sys.argv[2:])
