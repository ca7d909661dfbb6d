#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails unless every C++ block of README.md is, word for word, part of an example that is built.

Usage: readme_test.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

def words(text: str) -> str:
    return " ".join(text.split())


def main() -> int:
    source = pathlib.Path(sys.argv[1])
    blocks = re.findall(r"```cpp\n(.*?)```", (source / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    examples = {path.name: words(path.read_text(encoding="utf-8")) for path in (source / "examples").glob("*.cpp")}
    shown = [next((name for name, text in examples.items() if words(block) in text), None) for block in blocks]
    for block, name in zip(blocks, shown):
        print(name or f"README.md shows code that is in no file of examples/:\n{block}")
    missing = {"lazy_graph.cpp", "compiled_closure.cpp"} - set(shown)
    if missing:
        print("README.md does not show:", *sorted(missing))
    return 1 if missing or None in shown else 0


if __name__ == "__main__":
    sys.exit(main())
