# SPDX-License-Identifier: Apache-2.0
"""What transformers computed for a model (expected.safetensors), for tests of the command line.

golden.py ids FILE             ids of batch row 0, as 1,2,3
golden.py greedy FILE          ids of the greedy continuation
golden.py compare FILE ACTUAL  every tensor of ACTUAL with FILE's: NMSE of at most 1e-7
"""
import array
import json
import sys


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    codes = {"F32": "f", "I64": "q", "I32": "i"}
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__":
            begin, end = info["data_offsets"]
            tensors[name] = (info["shape"], array.array(codes[info["dtype"]], data[begin:end]))
    return tensors


def nmse(actual, expected):
    # Hidden states are stored for batch row 0 alone.
    error = sum((a - e) ** 2 for a, e in zip(actual, expected))
    return error / sum(e * e for e in expected)


def main(command, path, *rest):
    expected = read(path)
    if command == "ids":
        shape, values = expected["input_ids"]
        print(",".join(map(str, values[: shape[1]])))
    elif command == "greedy":
        print(",".join(map(str, expected["greedy_ids"][1])))
    elif command == "compare":
        actual = read(rest[0])
        assert "logits" in actual and len(actual) > 2, sorted(actual)
        for name, (shape, values) in actual.items():
            assert shape[1:] == expected[name][0][1:], (name, shape, expected[name][0])
            value = nmse(values, expected[name][1])
            assert value <= 1e-7, f"{name}: NMSE {value}"
            print(f"{name} agrees")
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
