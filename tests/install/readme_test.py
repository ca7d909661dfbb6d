#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails unless every C++ block of README.md is, word for word, one of the examples that are built.

Usage: readme_test.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

LICENSE = "// SPDX-License-Identifier: Apache-2.0\n"


def main() -> int:
    source = pathlib.Path(sys.argv[1])
    blocks = re.findall(r"```cpp\n(.*?)```", (source / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    examples = {path.read_text(encoding="utf-8").removeprefix(LICENSE): path.name
                for path in (source / "examples").glob("*.cpp")}
    shown = [examples.get(block) for block in blocks]
    for block, name in zip(blocks, shown):
        print(name or f"README.md shows code that is no file of examples/:\n{block}")
    missing = {"lazy_graph.cpp", "compiled_closure.cpp"} - set(shown)
    if missing:
        print("README.md does not show:", *sorted(missing))
    return 1 if missing or None in shown else 0


if __name__ == "__main__":
    sys.exit(main())
