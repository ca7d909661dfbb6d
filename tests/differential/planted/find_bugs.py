#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether random graphs find every planted bug: find_bugs.py GRAPH_FUZZ [NAME...]"""

import json
import os
import pathlib
import re
import subprocess
import sys

GRAPHS = 1000  # what a test run takes


def first_failure(program: str, name: str) -> str | None:
    # Kernels on disk are those of the compiler without the bug.
    environment = {**os.environ, "ASHLAR_PLANTED_BUG": name, "ASHLAR_CACHE_DIR": ""}
    command = [program, "--graphs", str(GRAPHS)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            if re.match(r"seed \d+ ", line):
                run.kill()  # it would go on to reduce the graph
                return line.rstrip()
    # It is a bug too that reads outside its buffers.
    return f"ended by signal {-run.returncode}" if run.returncode < 0 else None


def main() -> int:
    bugs = [bug["name"] for bug in json.loads((pathlib.Path(__file__).parent / "bugs.json").read_text())]
    missed = []
    for name in sys.argv[2:] or bugs:
        found = first_failure(sys.argv[1], name)
        print(f"{name}: {found or 'NOT FOUND'}", flush=True)
        if not found:
            missed.append(name)
    print(f"{len(bugs) - len(missed)} of {len(bugs)} found" if len(sys.argv) == 2 else "done")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
