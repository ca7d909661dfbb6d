#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a file of `ashlar-bench --benchmark_out=FILE`: blocks against the device's limit, fused and unfused."""

import argparse
import json

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def blocks(data: dict) -> dict[str, dict[str, float]]:
    """Percent of the limit by block, then by fused or unfused."""
    shares: dict[str, dict[str, float]] = {}
    for run in data["benchmarks"]:
        parts = run["run_name"].partition("/iterations:")[0].split("/")
        if parts[0] != "block" or run.get("error_occurred") or run.get("aggregate_name", "median") != "median":
            continue
        name = "  ".join(parts[1:-1])
        shares.setdefault(name, {})[parts[-1]] = 100 * run["fraction_of_limit"]
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output", help="PNG or SVG")
    arguments = parser.parse_args()
    with open(arguments.input, encoding="utf-8") as file:
        data = json.load(file)
    shares = blocks(data)
    names = list(shares)[::-1]
    figure, axes = plt.subplots(figsize=(9, 0.34 * len(names) + 1.4), layout="constrained")
    for offset, kind, colour in ((0.2, "fused", "#0072b2"), (-0.2, "unfused", "#c3cad3")):
        values = [shares[name].get(kind, 0) for name in names]
        axes.barh([i + offset for i in range(len(names))], values, height=0.38, color=colour, label=kind)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.axvline(100, color="#d55e00", linewidth=1)
    axes.set_xlabel("% of the device's limit (bytes and operations of the fused form)")
    context = data["context"]
    axes.set_title(f"{context.get('device', '')}, {context.get('driver', '')}, {context['date'][:10]}", fontsize=9)
    axes.legend(loc="lower right", frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(arguments.output, dpi=130)


if __name__ == "__main__":
    main()
