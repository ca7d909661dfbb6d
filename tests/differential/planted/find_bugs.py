#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether random graphs find every planted bug: find_bugs.py GRAPH_FUZZ [NAME...]"""

import json
import os
import pathlib
import re
import subprocess
import sys


def main() -> int:
    bugs = [bug["name"] for bug in json.loads((pathlib.Path(__file__).parent / "bugs.json").read_text())]
    missed = []
    for name in sys.argv[2:] or bugs:
        # Kernels on disk are those of the compiler without the bug.
        environment = {**os.environ, "ASHLAR_PLANTED_BUG": name, "ASHLAR_CACHE_DIR": ""}
        run = subprocess.run([sys.argv[1], "--graphs", "5000"], env=environment, capture_output=True, text=True)
        found = re.search(r"^(seed .*)$", run.stdout, re.MULTILINE) if run.returncode == 1 else None
        print(f"{name}: {found[1] if found else 'NOT FOUND'}", flush=True)
        if not found:
            missed.append(name)
    print(f"{len(bugs) - len(missed)} of {len(bugs)} found" if len(sys.argv) == 2 else "done")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
