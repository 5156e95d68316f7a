"""What a study of rate and distortion leaves in a folder.

rd.json      all of it: pictures, codecs, rows, means, BD-rates, speeds, published points
rd.csv       the rows, one per file
compressai/  one file per codec in the layout of CompressAI's results/image/kodak/*.json
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import ablc
from ablc import files
from ablc.eval.codec import Codec
from ablc.eval.curves import MEASURES, SPAN, Curve, Mean
from ablc.eval.folder import Photo
from ablc.eval.published import Point
from ablc.eval.rd import SPEED_PIXELS_MOST, Study, cut

DIGITS = 6  # after the point
PUBLISHED_NOTE = "published figures for the Kodak set, not measured here"
COMPRESSAI_NAMES = {
    "bpp": "bpp",
    "psnr": "psnr-rgb",
    "ms_ssim": "ms-ssim-rgb",
    "ssim": "ssim",
    "lpips": "lpips",
    "texture": "texture",
}

WRITTEN = ("rd.json", "rd.csv", "compressai")

Json = dict[str, Any]


def write(found: Study, out: Path, published: Sequence[Point] = ()) -> None:
    """Puts the files into the folder out, which is made if need be. Raises OSError."""
    everything, per_file, layout = (out / name for name in WRITTEN)
    layout.mkdir(parents=True, exist_ok=True)
    files.write(str(everything), json.dumps(document(found, published), indent=1).encode())
    files.write(str(per_file), table(found).encode())
    for name, codec in found.codecs.items():
        if means := mean_curve(list(found.curves[name].values())):
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
            text = json.dumps(compressai(codec, means), indent=2)
            files.write(str(layout / f"{slug}.json"), text.encode())


def document(found: Study, published: Sequence[Point] = ()) -> Json:
    """All of a study, for json."""
    measures = {
        name: {"title": MEASURES[name].title, "better": MEASURES[name].better}
        for name in found.measures
    }
    return {
        "ablc": ablc.__version__,
        "pictures": [_picture(photo) for photo in found.folder.photos],
        "broken": [asdict(broken) for broken in found.folder.broken],
        "codecs": {
            name: {"settings": codec.settings, "library": codec.library}
            for name, codec in found.codecs.items()
        },
        "not_measured": dict(found.missing),
        "measures": measures,
        "left_out": dict(found.left_out),
        "failures": [asdict(failure) for failure in found.failures],
        "rows": list(rows(found)),
        "means": {name: mean_curve(list(of.values())) for name, of in found.curves.items()},
        "bd_range": list(SPAN),
        "bd_rates": {
            tested: {
                anchor: {measure: mean and asdict(mean) for measure, mean in row.items()}
                for anchor, row in against.items()
            }
            for tested, against in found.rates.items()
        },
        "speeds": [dict(entry) for entry in found.speeds],
        "speeds_of": f"megapixels per CPU second, pictures of at most {SPEED_PIXELS_MOST} pixels",
        "published": {"note": PUBLISHED_NOTE, "points": [asdict(point) for point in published]},
    }


def _picture(photo: Photo) -> Json:
    """With what became of it on the way to the codecs."""
    return {
        "name": photo.name,
        "width": photo.width,
        "height": photo.height,
        "notes": [*photo.notes, *cut(photo)],
    }


def rows(found: Study) -> Iterator[Json]:
    """One per file: codec, picture, quality, bytes, bpp and the measures."""
    for codec, by_picture in found.curves.items():
        for picture, curve in by_picture.items():
            for row in curve:
                figures = {key: round(value, DIGITS) for key, value in row.items()}
                yield {"codec": codec, "picture": picture, **figures}


def table(found: Study) -> str:
    """The rows as CSV; empty where a measure could not be taken."""
    text = io.StringIO()
    columns = ["codec", "picture", "quality", "bytes", "bpp", *found.measures]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(found))
    return text.getvalue()


def mean_curve(curves: Sequence[Curve]) -> list[dict[str, float]]:
    """Means over the pictures at each quality, rate rising.

    Of a measure that could not be taken of all pictures, over those of which it was.
    """
    by_quality: dict[float, Curve] = {}
    for row in (row for curve in curves for row in curve):
        by_quality.setdefault(row["quality"], []).append(row)
    means = []
    for found in by_quality.values():
        keys = ("quality", "bytes", "bpp", *(name for name in MEASURES))
        values = {key: [row[key] for row in found if key in row] for key in keys}
        means.append({key: round(float(np.mean(of)), DIGITS) for key, of in values.items() if of})
    return sorted(means, key=lambda row: row["bpp"])


def compressai(codec: Codec, means: Sequence[dict[str, float]]) -> Json:
    """A codec's means in CompressAI's layout; measures that lack at some quality are left out."""
    whole = [key for key in COMPRESSAI_NAMES if all(key in row for row in means)]
    return {
        "name": codec.name,
        "description": f"{codec.settings} ({codec.library})",
        "results": {COMPRESSAI_NAMES[key]: [row[key] for row in means] for key in whole},
    }


def summary(found: Study) -> tuple[list[str], list[list[str]]]:
    """Heading and lines of a table: BD-rates of ablc's codecs, per cent, negative: fewer bits."""
    low, high = SPAN
    lines = [
        [f"{tested} against {anchor}", *(_cell(row[measure], found) for measure in found.measures)]
        for tested, against in found.rates.items()
        for anchor, row in against.items()
    ]
    titles = [MEASURES[measure].title for measure in found.measures]
    return [f"BD-rate, %, {low:g} to {high:g} bpp", *titles], lines


def _cell(mean: Mean | None, found: Study) -> str:
    return mean.text("+.1f", len(found.folder.photos)) if mean else "-"
