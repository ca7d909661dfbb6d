#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes copies of sources in which each bug of bugs.json can be switched on by its name.

    plant_bugs.py ROOT TARGET     copies to TARGET/<file>; prints the files, separated by semicolons
"""

import json
import pathlib
import sys


def with_bugs(text: str, bugs: list[dict[str, str]]) -> str:
    for bug in bugs:
        if text.count(bug["right"]) != 1:
            sys.exit(f"{bug['file']}: expected '{bug['right']}' once, found it {text.count(bug['right'])} times")
        choice = f"(ashlar::testing::planted(\"{bug['name']}\") ? ({bug['wrong']}) : ({bug['right']}))"
        text = text.replace(bug["right"], choice)
    return '#include "tests/differential/planted/planted.h"\n' + text


def main() -> None:
    root, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    bugs = json.loads((pathlib.Path(__file__).parent / "bugs.json").read_text())
    files = sorted({bug["file"] for bug in bugs})
    for file in files:
        text = with_bugs((root / file).read_text(), [bug for bug in bugs if bug["file"] == file])
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_text() != text:
            copy.write_text(text)
    print(";".join(files), end="")


if __name__ == "__main__":
    main()
