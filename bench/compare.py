#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two files of `ashlar-bench --benchmark_out=FILE`: times, and which changed by more than a threshold."""

import argparse
import json
import sys

UNITS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}


def load(path: str) -> tuple[dict, dict[str, float]]:
    """The context, and microseconds by name; the median where there are repetitions."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    times: dict[str, float] = {}
    for run in data["benchmarks"]:
        if run.get("error_occurred") or run.get("aggregate_name", "median") != "median":
            continue
        times[run["run_name"]] = run["real_time"] * UNITS[run["time_unit"]]
    return data["context"], times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--threshold", type=float, default=0.05, help="share of the time that counts as a change")
    parser.add_argument("--fail", action="store_true", help="exit with 1 if anything became slower")
    arguments = parser.parse_args()
    (context_before, before), (context_after, after) = load(arguments.before), load(arguments.after)
    for key in ("device", "driver"):
        if context_before.get(key) != context_after.get(key):
            print(f"warning: {key}: {context_before.get(key)} against {context_after.get(key)}", file=sys.stderr)
    slower = 0
    print(f"{'benchmark':<64} {'before us':>12} {'after us':>12} {'ratio':>7}")
    for name in (n for n in before if n in after):
        ratio = after[name] / before[name]
        mark = "slower" if ratio > 1 + arguments.threshold else "faster" if ratio < 1 / (1 + arguments.threshold) else ""
        slower += mark == "slower"
        print(f"{name:<64} {before[name]:>12.2f} {after[name]:>12.2f} {ratio:>7.3f} {mark}".rstrip())
    for title, names in (("only before", before.keys() - after.keys()), ("only after", after.keys() - before.keys())):
        for name in sorted(names):
            print(f"{name:<64} {title}")
    return 1 if slower and arguments.fail else 0


if __name__ == "__main__":
    sys.exit(main())
