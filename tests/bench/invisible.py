"""Cut-out pictures: bytes, and quality of what is seen, with colour under alpha 0 kept and free.

    python tests/bench/invisible.py [--images FOLDER]

An ellipse of a third of the picture is visible, with a soft edge; under alpha 0 is the rest of the
photograph, black or noise. Figures are means over all pictures: bits per pixel of the whole picture
at quality 50, and PSNR of the visible pixels at quality 50 and at 0.5 bits per pixel.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from arguments import add_pictures_argument, pictures
from printing import markdown, write_json

import ablc
from ablc.arrays import Pixels
from ablc.metrics import psnr

UNDER = "photograph", "black", "noise"
QUALITY, BPP = 50, 0.5
FIGURES = f"bpp at quality {QUALITY}", f"PSNR at quality {QUALITY}", f"PSNR at {BPP} bpp"


def cut_out(picture: Pixels, under: str) -> Pixels:
    """Return a photograph (H, W, 3) as RGBA, visible in an ellipse."""
    height, width, _ = picture.shape
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    distance = np.hypot(rows / 0.7, columns / 0.6)
    alpha = np.clip(128 + 5000 * (1 - distance), 0, 255).astype(np.uint8)
    colour = picture.copy()
    noise = np.random.default_rng(0).integers(0, 256, picture.shape, np.uint8)
    if under != "photograph":
        colour[alpha == 0] = 0 if under == "black" else noise[alpha == 0]
    return np.dstack([colour, alpha])


def figures(picture: Pixels, *, keep: bool) -> list[float]:
    """Return FIGURES of one cut-out picture."""
    visible = picture[..., 3] > 0

    def seen(data: bytes) -> float:
        decoded = ablc.decode(data, fill="classical")
        return psnr(picture[visible][None, :, :3], decoded[visible][None, :, :3])

    data = ablc.encode(picture, quality=QUALITY, keep_invisible=keep)
    equal = ablc.encode(picture, bpp=BPP, keep_invisible=keep)
    return [8 * len(data) / visible.size, seen(data), seen(equal)]


def run(images: Path) -> dict[str, dict[str, list[float]]]:
    """Return the means of FIGURES, kept and free, by what is under alpha 0."""
    photographs = pictures(images).values()
    results = {}
    for under in UNDER:
        both: dict[str, list[float]] = {}
        for name, keep in (("kept", True), ("free", False)):
            rows = [figures(cut_out(picture, under), keep=keep) for picture in photographs]
            both[name] = [mean(column) for column in zip(*rows, strict=True)]
        results[under] = both
    return results


def report(results: dict[str, Any]) -> str:
    rows = [
        [f"{under}, {name}", f"{bpp:.3f}", *(f"{value:.2f}" for value in fidelity)]
        for under, both in results.items()
        for name, (bpp, *fidelity) in both.items()
    ]
    return "**Colour under alpha 0, kept and free**, a third of the picture visible\n\n" + markdown(
        ["under alpha 0", *FIGURES], rows
    )


def summary(results: dict[str, Any]) -> list[list[str]]:
    """Return lines of all.py's first table."""
    shares = [100 * both["free"][0] / both["kept"][0] for both in results.values()]
    return [
        [
            f"cut-out picture ({' / '.join(results)} under alpha 0): % of the bytes",
            " / ".join(f"{share:.1f}" for share in shares),
            "colour under alpha 0 kept",
        ]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/invisible.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    results = run(arguments.images)
    write_json(arguments.out, results)
    print(report(results))


if __name__ == "__main__":
    main()
