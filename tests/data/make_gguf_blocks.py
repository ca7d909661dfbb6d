#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes gguf/blocks.safetensors: random blocks of each quantised type and their numbers.

The numbers are those of the `gguf` package (0.19), which decodes without any of our code. Scales in half
precision are kept finite and of ordinary size; all other bytes are random.
"""
import pathlib

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).parent / "gguf" / "blocks.safetensors"
# Where the halves lie in a block.
HALVES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108],
          T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0], T.IQ4_XS: [0], T.MXFP4: []}
ELEMENTS = 1024


def main():
    rng = np.random.default_rng(7)
    tensors = {}
    for kind, halves in HALVES.items():
        elements, size = GGML_QUANT_SIZES[kind]
        blocks = rng.integers(0, 256, (ELEMENTS // elements, size), dtype=np.uint8)
        for at in halves:
            scales = rng.normal(0, 0.1, len(blocks)).astype(np.float16)
            blocks[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
        if kind == T.MXFP4:
            blocks[:, 0] = rng.integers(100, 150, len(blocks))
        tensors[f"{kind.name}.blocks"] = blocks
        tensors[f"{kind.name}.values"] = dequantize(blocks, kind).astype(np.float32).reshape(-1)
    save_file(tensors, OUT)


if __name__ == "__main__":
    main()
