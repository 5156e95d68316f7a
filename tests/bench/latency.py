"""Prints the table of a run of test_latency.py.

    python tests/bench/latency.py latency.json

Percentiles are over the rounds. "share" is the rate of multiply-adds in the networks' convolutions
divided by that of a product of two large matrices in the same run; "over bare" is the median time
of a whole decode divided by that of its network alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from printing import markdown

HEAD = """Milliseconds, by `pytest tests/bench/test_latency.py --benchmark-only --benchmark-json F`
and `python tests/bench/latency.py F` on {machine}. Networks have all {cores} cores, encode,
decode and projection without them one thread."""


def milliseconds(entry: dict[str, Any]) -> list[float]:
    return [1000 * float(np.percentile(entry["stats"]["data"], p)) for p in (50, 95, 99)]


def network(more: dict[str, Any]) -> tuple[str, str, str]:
    """Return network, size and provider of a benchmark."""
    return more["what"].rpartition(" ")[2], more["size"], more["provider"]


def report(path: Path) -> str:
    """Return the whole section in Markdown."""
    run = json.loads(path.read_text())
    entries = [entry for entry in run["benchmarks"] if "what" in entry["extra_info"]]
    info = [(entry, entry["extra_info"]) for entry in entries]
    peaks = {
        more["provider"]: more["macs"] / milliseconds(entry)[0]
        for entry, more in info
        if more["what"] == "peak"
    }
    bare = {
        network(more): milliseconds(entry)[0]
        for entry, more in info
        if more["what"].startswith("N alone")
    }
    rows = []
    for entry, more in info:
        if more["what"] == "peak":
            continue
        times = milliseconds(entry)
        provider = more.get("provider", "")
        share = over = ""
        if "macs" in more and provider in peaks:
            share = f"{more['macs'] / times[0] / peaks[provider]:.0%}"
        if more["what"].startswith("decode, net") and network(more) in bare:
            over = f"{times[0] / bare[network(more)]:.2f}"
        gmac = f"{more['macs'] / 1e9:.1f}" if "macs" in more else ""
        what = more["what"].partition(" together")[0]
        rows.append([what, more["size"], provider, *(f"{t:.1f}" for t in times), gmac, share, over])
    heads = ["", "picture", "provider", "p50", "p95", "p99", "GMAC", "share", "over bare"]
    machine = run["machine_info"]
    cpu = machine["cpu"]
    head = HEAD.format(machine=cpu.get("brand_raw", machine["machine"]), cores=cpu["count"])
    tops = ", ".join(f"{name} {2 * macs / 1e6:.0f} GFLOP/s" for name, macs in peaks.items())
    return f"{head} Peak: {tops}.\n\n{markdown(heads, rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("json", type=Path, metavar="FILE")
    print(report(parser.parse_args().json))


if __name__ == "__main__":
    main()
