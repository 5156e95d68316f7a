"""Bits of the encoder's own choice of blocks, and of the paper's masks, at equal SSIM.

    python tests/bench/schemes.py [--images FOLDER] [--jobs 2]

Each mask is swept over quality at several shares of kept blocks. Its curve is the upper envelope:
at each rate the best SSIM of any share, picture by picture, so that the mask always has its best
share. The bits of "rdo" at equal SSIM are rd.py's BD-rate within 0.05-0.5 bits per pixel, in per
cent of the mask's bits, mean over the pictures on which the curves overlap; a second column has
this for the default share of the masks. A mask with a large share comes close to "rdo", since
a kept block without levels costs next to nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from measuring import add_run_arguments, each_picture
from printing import markdown, write_json

import ablc
from ablc import metrics
from ablc.arrays import Pixels
from ablc.eval.rd.curves import Curve, Mean, at_rate, bd_rate

MASKS = ("edge-blocks", "edge-blocks+random", "random-blocks")
SHARES = (0.15, 0.3, 0.5, 0.75)
FIXED = 0.3
QUALITIES = (1, 6, 12, 18, 24, 30, 36, 42, 50, 58, 68, 80)
SPAN = (0.05, 0.5)  # bits per pixel
GRID = np.geomspace(*SPAN, 25)  # rates of the envelope

Curves = dict[str, Curve]  # by str() of the share; "rdo" by itself


def sweep(picture: Pixels, mask: ablc.Scheme, options: dict[str, Any]) -> Curve:
    """Return the curve up to the first file beyond SPAN."""
    curve: Curve = []
    for quality in QUALITIES:
        data = ablc.encode(picture, quality=quality, mask=mask, **options)
        bpp = 8 * len(data) / (picture.shape[0] * picture.shape[1])
        similarity = metrics.ssim(picture, ablc.decode(data, fill="classical", threads=1)) or 0.0
        curve.append({"bpp": bpp, "ssim": similarity})
        if bpp > SPAN[1]:
            break
    return curve


def measure_picture(picture: Pixels, options: dict[str, Any]) -> dict[str, Curves]:
    """Return curves of each scheme by share."""
    curves = {"rdo": {"rdo": sweep(picture, ablc.Scheme("rdo"), options)}}
    for name in MASKS:
        curves[name] = {
            str(share): sweep(picture, ablc.Scheme(name, share=share), options) for share in SHARES
        }
    return curves


def envelope(curves: Curves) -> Curve:
    """Return the best SSIM at each rate of GRID that any curve reaches."""
    upper: Curve = []
    for rate in GRID:
        reached = [at_rate(curve, "ssim", rate) for curve in curves.values()]
        best = [value for value in reached if value is not None]
        if best:
            upper.append({"bpp": float(rate), "ssim": max(best)})
    return upper


def run(images: Path, options: dict[str, Any], jobs: int) -> dict[str, Any]:
    """Return the per cent of a scheme's bits that rdo needs, by scheme, and all curves."""
    curves = each_picture(measure_picture, images, jobs, {"threads": 1, **options})
    shares = {}
    for name in MASKS:
        best = Mean.of(
            share_of_bits(envelope(of[name]), of["rdo"]["rdo"]) for of in curves.values()
        )
        fixed = Mean.of(
            share_of_bits(of[name][str(FIXED)], of["rdo"]["rdo"]) for of in curves.values()
        )
        shares[name] = {
            key: mean and [mean.mean, mean.median, mean.count]
            for key, mean in (("best_share", best), ("fixed_share", fixed))
        }
    return {"pictures": len(curves), "share_of_bits": shares, "curves": curves}


def share_of_bits(anchor: Curve, tested: Curve) -> float | None:
    """Return the bits of tested in per cent of those of anchor."""
    rate = bd_rate(anchor, tested, "ssim", SPAN)
    return None if rate is None else 100 + rate


def report(results: dict[str, Any]) -> str:
    rows = []
    for name, entry in results["share_of_bits"].items():
        cells = [text(entry[key], results["pictures"]) for key in ("best_share", "fixed_share")]
        rows.append([name, *cells])
    low, high = SPAN
    head = f"**Bits of rdo, % of those of a mask at equal SSIM**, {low:g} to {high:g} bpp"
    shares = " / ".join(f"{share:g}" for share in SHARES)
    return f"{head} (n: pictures on which the curves overlap)\n\n" + markdown(
        ["mask", f"best share of {shares}", f"share {FIXED:g}"], rows
    )


def summary(results: dict[str, Any]) -> list[list[str]]:
    """Return lines of all.py's first table."""
    entries = results["share_of_bits"]
    kinds = {"fixed_share": f"share {FIXED:g}", "best_share": "their best share"}
    return [
        [
            f"bits at equal SSIM, % of those of masks, {kind}",
            " / ".join(text(entry[key], results["pictures"]) for entry in entries.values()),
            " / ".join(MASKS),
        ]
        for key, kind in kinds.items()
    ]


def text(mean: list[float] | None, pictures: int) -> str:
    return Mean(*mean).text(".1f", pictures) if mean else "-"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_run_arguments(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/schemes.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    results = run(arguments.images, dict(arguments.option), arguments.jobs)
    print(report(results))
    write_json(arguments.out, results)


if __name__ == "__main__":
    main()
