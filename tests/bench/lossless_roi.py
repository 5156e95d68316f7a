"""Bytes of a picture with a lossless region, and of the whole picture lossless.

    python tests/bench/lossless_roi.py [--images FOLDER] [--jobs 2]

regions.py defines the masks, 15 % of the pixels each. ablc encodes the mask without loss (infinite
importance) and the rest at quality 1, its floor; pixels inside must come back exactly. WebP and
JPEG XL encode the whole picture without loss. Figures are bits per pixel of the whole picture, mean
over all pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from measuring import Cache, add_run_arguments, each_picture
from printing import markdown, write_json
from regions import MASKS, masks_of

import ablc
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.peers.codec import Codec
from ablc.peers.libraries import lossless_jpegxl, lossless_peer

FLOOR = 1  # quality


def peers() -> list[Codec]:
    """Return the other codecs; JPEG XL has a higher effort than in the comparison of speeds."""
    return [lossless_peer("WebP lossless"), lossless_jpegxl(effort=7)]


def measure_bytes(codec: Codec, picture: Pixels, quality: float) -> Measurements:
    data = codec.encode(picture, quality)
    if not np.array_equal(codec.decode(data), picture):
        raise SystemExit(f"{codec.name} is not lossless")
    return {"bytes": len(data)}


def measure_picture(picture: Pixels, options: dict[str, Any], cache: Path) -> Measurements:
    """Return bits per pixel of ablc by mask, of the floor alone, and of the other codecs."""
    byte_counts: Measurements = {}
    for name, mask in masks_of(picture).items():
        importance = np.where(mask, np.inf, 1.0)
        data = ablc.encode(picture, quality=FLOOR, importance=importance, **options)
        if not np.array_equal(ablc.decode(data, fill="classical", threads=1)[mask], picture[mask]):
            raise SystemExit("a lossless region did not come back exactly")
        byte_counts[f"ablc, {name} lossless"] = len(data)
    byte_counts["ablc, no region"] = len(ablc.encode(picture, quality=FLOOR, **options))
    kept = Cache(cache, measure_bytes, lambda: "bytes")
    for codec in peers():
        byte_counts[f"{codec.name}, {codec.settings}"] = kept.measure(codec, picture, (0,))[0][
            "bytes"
        ]
    bits = 8 / (picture.shape[0] * picture.shape[1])
    return {name: count * bits for name, count in byte_counts.items()}


def run(images: Path, options: dict[str, Any], cache: Path, jobs: int) -> dict[str, Any]:
    """Return bits per pixel, and by mask the per cent of each codec's bytes (mean of pictures)."""
    rows = list(
        each_picture(measure_picture, images, jobs, {"threads": 1, **options}, cache).values()
    )
    others = [f"{codec.name}, {codec.settings}" for codec in peers()]
    return {
        "bpp": {name: mean(row[name] for row in rows) for name in rows[0]},
        "shares": {
            mask: {
                other: mean(100 * row[f"ablc, {mask} lossless"] / row[other] for row in rows)
                for other in others
            }
            for mask in MASKS
        },
    }


def mean(values: Any) -> float:
    return float(np.mean(list(values)))


def report(results: dict[str, Any]) -> str:
    rows = []
    for name, bpp in results["bpp"].items():
        mask = next((mask for mask in MASKS if f", {mask} " in name), None)
        shares = results["shares"][mask].values() if mask else []
        cells = [f"{share:.1f}" for share in shares] or [""] * 2
        rows.append([name, f"{bpp:.3f}", *cells])
    others = next(iter(results["shares"].values()))
    return "**A lossless region of 15 %, the rest at its floor**\n\n" + markdown(
        ["", "bpp", *(f"% of {other}" for other in others)], rows
    )


def summary(results: dict[str, Any]) -> list[list[str]]:
    """Return lines of all.py's first table."""
    shares = results["shares"].values()
    others = list(next(iter(shares)))
    return [
        [
            f"lossless region of 15 % ({' / '.join(MASKS)}): % of {other}'s bytes",
            " / ".join(f"{by_other[other]:.1f}" for by_other in shares),
            "the whole picture lossless",
        ]
        for other in others
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_run_arguments(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/lossless_roi.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    results = run(arguments.images, dict(arguments.option), arguments.cache, arguments.jobs)
    print(report(results))
    write_json(arguments.out, results)


if __name__ == "__main__":
    main()
