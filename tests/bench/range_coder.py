"""Adaptive binary decisions per second of the entropy decoder, one core.

    python tests/bench/range_coder.py [--out results/range_coder.json]

Builds range_coder.cpp beside this file against csrc/ with $CXX (default: c++) at -O3, as the
package is built, and runs it: 4 million decisions over 256 contexts, median and best of the rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from printing import write_json

HERE = Path(__file__).resolve().parent


def run() -> dict[str, float]:
    """Millions of decisions per CPU second: "median" and "best"."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "range_coder"
        compiler = os.environ.get("CXX", "c++")
        include = HERE.parents[1] / "csrc"
        options = ["-O3", "-DNDEBUG", "-std=c++20", "-I", str(include), "-o", str(program)]
        subprocess.run([compiler, *options, str(HERE / "range_coder.cpp")], check=True)
        done = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True)
    rounds = [float(line) for line in done.stdout.split()]
    return {"median": statistics.median(rounds), "best": max(rounds)}


def report(speeds: dict[str, float]) -> str:
    return (
        "**Entropy decoder**\n\n"
        f"{speeds['median']:.0f} million adaptive binary decisions per second on one core "
        f"(best round {speeds['best']:.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results/range_coder.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    speeds = run()
    print(report(speeds))
    write_json(arguments.out, speeds)


if __name__ == "__main__":
    main()
