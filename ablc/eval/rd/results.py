"""What a study of rate and distortion leaves in a folder.

rd.json      all of it: pictures, codecs, rows, means, BD-rates, speeds, published points
rd.csv       the rows, one per file
compressai/  one file per codec in the layout of CompressAI's results/image/kodak/*.json
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

import ablc
from ablc import files
from ablc.eval.measures.catalogue import MEASURES
from ablc.eval.rd.curves import SPAN, Curve, Mean
from ablc.eval.rd.published import Point
from ablc.eval.rd.study import SPEED_PIXELS_MOST, Study, cut
from ablc.eval.store import JsonObject
from ablc.peers.codec import Codec

DIGITS = 6  # after the point
COMPRESSAI_NAMES = {
    "bpp": "bpp",
    "psnr": "psnr-rgb",
    "ms_ssim": "ms-ssim-rgb",
    "ssim": "ssim",
    "lpips": "lpips",
    "texture": "texture",
}

WRITTEN = ("rd.json", "rd.csv", "compressai")


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


def document(found: Study, published: Sequence[Point] = ()) -> JsonObject:
    """All of a study, for json."""
    return {
        "kind": "rd",
        "ablc": ablc.__version__,
        "pictures": [photo.name for photo in found.folder.photos],
        "notes": {photo.name: [*photo.notes, *cut(photo)] for photo in found.folder.photos},
        "broken": [asdict(broken) for broken in found.folder.broken],
        "measures": {
            name: {"name": MEASURES[name].title, "better": MEASURES[name].better}
            for name in found.measures
        },
        "left_out": dict(found.left_out),
        "failures": [asdict(failure) for failure in found.failures],
        "codecs": [*_measured(found), *_missing(found)],
        "bd_range": list(SPAN),
        "bd_rates": {
            tested: {
                anchor: {measure: mean and asdict(mean) for measure, mean in row.items()}
                for anchor, row in against.items()
            }
            for tested, against in found.rates.items()
        },
        "speed": [dict(entry) for entry in found.speeds],
        "speed_of": f"megapixels per CPU second, pictures of at most {SPEED_PIXELS_MOST} pixels",
        "published": _together(published),
    }


def _measured(found: Study) -> list[JsonObject]:
    return [
        {
            "name": name,
            "settings": codec.settings,
            "library": codec.library,
            "missing": None,
            "curve": mean_curve(list(found.curves[name].values())),
            "each": {
                picture: [_rounded(row) for row in curve]
                for picture, curve in found.curves[name].items()
            },
        }
        for name, codec in found.codecs.items()
    ]


def _missing(found: Study) -> list[JsonObject]:
    return [
        {"name": name, "settings": "", "library": "", "missing": why, "curve": [], "each": {}}
        for name, why in found.missing.items()
    ]


def _together(points: Sequence[Point]) -> list[JsonObject]:
    """Those of one codec, measure and source as one line."""
    lines: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for point in points:
        key = (point.codec, point.metric, point.source)
        lines.setdefault(key, []).append((point.bpp, point.value))
    return [
        {"codec": codec, "measure": measure, "points": sorted(line), "source": source}
        for (codec, measure, source), line in lines.items()
    ]


def rows(found: Study) -> Iterator[JsonObject]:
    """One per file: codec, picture, quality, bytes, bpp and the measures."""
    for codec, by_picture in found.curves.items():
        for picture, curve in by_picture.items():
            for row in curve:
                yield {"codec": codec, "picture": picture, **_rounded(row)}


def _rounded(row: Mapping[str, float]) -> JsonObject:
    return {key: round(value, DIGITS) for key, value in row.items()}


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


def compressai(codec: Codec, means: Sequence[dict[str, float]]) -> JsonObject:
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
