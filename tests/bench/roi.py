"""Quality inside a region at equal total bytes: ablc with importance, and other codecs.

    python tests/bench/roi.py [--images FOLDER] [--jobs 2] [--tune psnr] [--weights 16,64,256]

regions.py defines the masks and the scores, region_codecs.py what each codec is given of a mask.
All bytes that a decoder needs are counted. Every score is interpolated at the exact rate (PCHIP
over log2 bits per pixel), picture by picture.

ablc is given a map as an array, so without feathering: the weight inside the mask, 1 outside. It
encodes at the rate and at 6 % more, so that the rate lies between the two files. (Quality does not
reach rates as low: quality 1 is a step of 220 grey levels where the weight is 1.) The sweeps of
other codecs are kept in --cache.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import x265
from measuring import add_run_arguments, each_picture
from printing import markdown, write_json
from region_codecs import RATES, SCORES, measure_method, own, own_name, peers
from regions import MASKS
from scipy.interpolate import PchipInterpolator

from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.rd.curves import Curve, Mean, at_rate

WEIGHTS = (4.0, 16.0, 64.0, 256.0, 1024.0)
SPECS = {"psnr_in": ".2f", "ssim_in": ".4f", "ssim_out": ".4f"}
LEAD_SPECS = {"psnr_in": "+.2f", "ssim_out": "+.3f"}

Curves = dict[str, dict[str, dict[str, Curve]]]  # by picture, method and mask
At = dict[str, dict[str, Measurements]]  # scores at one mask and rate, by method and picture


def measure_picture(
    picture: Pixels,
    weights: Sequence[float],
    options: dict[str, Any],
    cache: Path,
    others: Collection[str] | None = None,
) -> dict[str, dict[str, Curve]]:
    """Return curves by method and mask."""
    curves = {
        own_name(weight): measure_method(own(weight, options), picture, None) for weight in weights
    }
    for name, method in peers(others).items():
        curves[name] = measure_method(method, picture, cache)
    return curves


def run(
    images: Path,
    weights: Sequence[float],
    options: dict[str, Any],
    cache: Path,
    jobs: int,
    others: Collection[str] | None = None,
) -> Curves:
    """Return the curves of all pictures. others: names of the other codecs; None: all."""
    if reason := x265.missing():
        print(f"HEVC is left out: {reason}", file=sys.stderr)
    options = {"threads": 1, **options}
    ordered = tuple(sorted(weights))
    return each_picture(measure_picture, images, jobs, ordered, options, cache, others)


# --- figures --------------------------------------------------------------------------------------


def scores_at(curves: Curves, mask: str, rate: float) -> At:
    """Return scores of the pictures that reach the rate, by method and picture."""
    methods = list(next(iter(curves.values())))
    at: At = {name: {} for name in methods}
    for title, by_method in curves.items():
        for name in methods:
            values = {key: at_rate(by_method[name][mask], key, rate) for key in SCORES}
            if None not in values.values():
                at[name][title] = {key: float(value or 0) for key, value in values.items()}
    return at


def split(at: At) -> tuple[At, At]:
    """Return ablc's scores, and those of other codecs."""
    weighted = {name: rows for name, rows in at.items() if name.startswith("ablc")}
    return weighted, {name: rows for name, rows in at.items() if name not in weighted}


def lead(own: dict[str, Measurements], other: dict[str, Measurements], score: str) -> Mean | None:
    """Return the lead of own over other, on the pictures for which both reach the rate."""
    return Mean.of(own[title][score] - other[title][score] for title in own if title in other)


def lead_at_background(weighted: At, other: dict[str, Measurements]) -> Mean | None:
    """Return ablc's lead in PSNR inside at the other codec's SSIM of the background.

    Weights trade one for the other; between them both are interpolated, picture by picture. Only
    pictures count on which the other's background is within the range of the weights.
    """
    return Mean.of(lead_on_picture(weighted, title, row) for title, row in other.items())


def lead_on_picture(weighted: At, title: str, row: Measurements) -> float | None:
    points = sorted(
        (rows[title]["ssim_out"], rows[title]["psnr_in"])
        for rows in weighted.values()
        if title in rows
    )
    if len(points) < 2 or not points[0][0] <= row["ssim_out"] <= points[-1][0]:
        return None
    background, inside = np.array(points).T
    return float(PchipInterpolator(background, inside)(row["ssim_out"])) - row["psnr_in"]


def figures(curves: Curves) -> dict[str, Any]:
    """Return means and leads by mask and rate, for write_json."""
    by_place: dict[str, Any] = {}
    for mask in MASKS:
        for rate in RATES:
            weighted, others = split(at := scores_at(curves, mask, rate))
            often = [rows for rows in at.values() if 2 * len(rows) >= len(curves)]
            common = [title for title in curves if all(title in rows for rows in often)]
            by_place[f"{mask} {rate:g}"] = {
                "of": len(curves),
                "pictures": len(common),
                "reached": {name: len(rows) for name, rows in at.items()},
                "means": {name: means(rows, common) for name, rows in at.items()},
                "leads": {
                    peer: {
                        name: {key: pair(lead(mine, rows, key)) for key in LEAD_SPECS}
                        for name, mine in weighted.items()
                    }
                    for peer, rows in others.items()
                },
                "leads_at_background": {
                    peer: pair(lead_at_background(weighted, rows)) for peer, rows in others.items()
                },
            }
    return by_place


def means(rows: dict[str, Measurements], common: Iterable[str]) -> Measurements | None:
    """Return means over the common pictures; None if the rate is not reached on all of them."""
    chosen = [rows.get(title) for title in common]
    if not chosen or None in chosen:
        return None
    return {key: float(np.mean([row[key] for row in chosen if row])) for key in SCORES}


def pair(mean: Mean | None) -> list[float] | None:
    """Return mean and number of pictures."""
    return mean and [mean.mean, mean.count]


# --- printing -------------------------------------------------------------------------------------


def report(results: dict[str, Any]) -> str:
    return "\n\n".join(part for place, entry in results.items() for part in tables(place, entry))


def tables(place: str, entry: dict[str, Any]) -> list[str]:
    """Return tables of means and leads for one mask and rate."""
    mask, rate = place.split()
    rows = []
    for name, mean in entry["means"].items():
        cells = [f"{mean[key]:{spec}}" for key, spec in SPECS.items()] if mean else ["-"] * 3
        rows.append([name, str(entry["reached"][name]), *cells])
    own_names = next(iter(entry["leads"].values()))
    leads = [
        [
            peer,
            *(lead_text(by_weight[name], entry["of"]) for name in own_names),
            counted(entry["leads_at_background"][peer], "+.2f", entry["of"]),
        ]
        for peer, by_weight in entry["leads"].items()
    ]
    return [
        f"**Region: {mask}, {rate} bpp.** Means over the {entry['pictures']} pictures on which"
        " all rows with figures reach the rate",
        markdown(["", "pictures", *SCORES.values()], rows),
        "ablc's lead in PSNR inside, dB / in SSIM outside, at equal total bytes; last column: in"
        " PSNR inside at equal SSIM outside too (n: number of pictures, if not all)",
        markdown(["over", *own_names, "at equal SSIM outside"], leads),
    ]


def lead_text(lead: dict[str, list[float] | None], of: int) -> str:
    return " / ".join(counted(lead[key], spec, of) for key, spec in LEAD_SPECS.items())


def counted(mean: list[float] | None, spec: str, of: int) -> str:
    if mean is None:
        return "-"
    return f"{mean[0]:{spec}}" + ("" if mean[1] == of else f" ({mean[1]})")


def summary(results: dict[str, Any], place: str = "ellipse 0.25") -> list[list[str]]:
    """Return lines of all.py's first table."""
    entry = results[place]
    mask, rate = place.split()
    own_names = list(next(iter(entry["leads"].values())))
    named = {"psnr_in": "PSNR inside, dB", "ssim_out": "SSIM outside"}
    rows = []
    for key, name in named.items():
        cells = {
            codec: f"{mean[key]:{SPECS[key]}}" for codec, mean in entry["means"].items() if mean
        }
        own_cells = [cells.pop(codec) for codec in own_names if codec in cells]
        beside = ", ".join(f"{codec}: {cell}" for codec, cell in cells.items())
        label = f"region ({mask}), {rate} bpp, weights {own_weights(own_names)}: {name}"
        rows.append([label, " / ".join(own_cells), beside])
    hevc = {
        peer: lead for peer, lead in entry["leads_at_background"].items() if peer.startswith("HEVC")
    }
    leads = " / ".join(counted(lead, "+.2f", entry["of"]) for lead in hevc.values())
    label = f"region ({mask}), {rate} bpp: lead inside at equal SSIM outside, dB"
    return [*rows, [label, leads or "-", "over " + " / ".join(hevc)]]


def own_weights(names: list[str]) -> str:
    return " / ".join(name.split()[-1] for name in names)


def weights(text: str) -> list[float]:
    return [float(weight) for weight in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_run_arguments(parser, "tuning")
    parser.add_argument("--weights", type=weights, default=WEIGHTS, metavar="WEIGHT,...")
    parser.add_argument("--tune", default="ssim", help="of ablc (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, default=Path("results/roi.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    options = {"tune": arguments.tune, **dict(arguments.option)}
    curves = run(arguments.images, arguments.weights, options, arguments.cache, arguments.jobs)
    results = figures(curves)
    print(report(results))
    write_json(arguments.out, {"figures": results, "curves": curves})


if __name__ == "__main__":
    main()
