"""The files of a study of rate and distortion.

rd.json      everything: pictures, codecs, rows, means, BD-rates, speeds, published points
rd.csv       the rows, one per encoded file
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
from ablc.eval.rd.published import PublishedPoint
from ablc.eval.rd.study import SPEED_PIXELS_MOST, Study, cut
from ablc.eval.store import JsonObject
from ablc.peers.codec import Codec

DIGITS = 6  # after the point
COMPRESSAI_NAMES = {
    "bpp": "bpp",
    "psnr": "psnr-rgb",
    "ms_ssim": "ms-ssim-rgb",
    "ssim": "ssim",
    "ssimulacra2": "ssimulacra2",
    "lpips": "lpips",
    "texture": "texture",
}

WRITTEN = ("rd.json", "rd.csv", "compressai")


def write(study: Study, out: Path, published: Sequence[PublishedPoint] = ()) -> None:
    """Write the files to a folder, which is made if need be. Raises OSError."""
    everything, per_file, layout = (out / name for name in WRITTEN)
    layout.mkdir(parents=True, exist_ok=True)
    files.write(str(everything), json.dumps(document(study, published), indent=1).encode())
    files.write(str(per_file), table(study).encode())
    for name, codec in study.codecs.items():
        if means := mean_curve(list(study.curves[name].values())):
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
            text = json.dumps(compressai(codec, means), indent=2)
            files.write(str(layout / f"{slug}.json"), text.encode())


def document(study: Study, published: Sequence[PublishedPoint] = ()) -> JsonObject:
    """Return the content of rd.json."""
    return {
        "kind": "rd",
        "ablc": ablc.__version__,
        "pictures": [photo.name for photo in study.folder.photos],
        "notes": {photo.name: [*photo.notes, *cut(photo)] for photo in study.folder.photos},
        "broken": [asdict(broken) for broken in study.folder.broken],
        "measures": {
            name: {"name": MEASURES[name].title, "better": MEASURES[name].better}
            for name in study.measures
        },
        "left_out": dict(study.left_out),
        "failures": [asdict(failure) for failure in study.failures],
        "codecs": [*_measured(study), *_missing(study)],
        "bd_range": list(SPAN),
        "bd_rates": {
            tested: {
                anchor: {measure: mean and asdict(mean) for measure, mean in row.items()}
                for anchor, row in against.items()
            }
            for tested, against in study.rates.items()
        },
        "speed": [dict(entry) for entry in study.speeds],
        "speed_of": f"megapixels per CPU second, pictures of at most {SPEED_PIXELS_MOST} pixels",
        "published": _together(published),
    }


def _measured(study: Study) -> list[JsonObject]:
    return [
        {
            "name": name,
            "settings": codec.settings,
            "library": codec.library,
            "missing": None,
            "curve": mean_curve(list(study.curves[name].values())),
            "each": {
                picture: [_rounded(row) for row in curve]
                for picture, curve in study.curves[name].items()
            },
        }
        for name, codec in study.codecs.items()
    ]


def _missing(study: Study) -> list[JsonObject]:
    return [
        {"name": name, "settings": "", "library": "", "missing": why, "curve": [], "each": {}}
        for name, why in study.missing.items()
    ]


def _together(points: Sequence[PublishedPoint]) -> list[JsonObject]:
    """Return the points of each codec, measure and source as one line."""
    lines: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for point in points:
        key = (point.codec, point.metric, point.source)
        lines.setdefault(key, []).append((point.bpp, point.value))
    return [
        {"codec": codec, "measure": measure, "points": sorted(line), "source": source}
        for (codec, measure, source), line in lines.items()
    ]


def rows(study: Study) -> Iterator[JsonObject]:
    """Yield a row for each file: codec, picture, quality, bytes, bpp and the measures."""
    for codec, by_picture in study.curves.items():
        for picture, curve in by_picture.items():
            for row in curve:
                yield {"codec": codec, "picture": picture, **_rounded(row)}


def _rounded(row: Mapping[str, float]) -> JsonObject:
    return {key: round(value, DIGITS) for key, value in row.items()}


def table(study: Study) -> str:
    """Return the rows as CSV, with empty fields where a measure does not exist."""
    text = io.StringIO()
    columns = ["codec", "picture", "quality", "bytes", "bpp", *study.measures]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(study))
    return text.getvalue()


def mean_curve(curves: Sequence[Curve]) -> list[dict[str, float]]:
    """Return means over the pictures at each quality, the rate rising.

    The mean of a measure is over the pictures for which it exists.
    """
    by_quality: dict[float, Curve] = {}
    for row in (row for curve in curves for row in curve):
        by_quality.setdefault(row["quality"], []).append(row)
    means = []
    for files_of_quality in by_quality.values():
        keys = ("quality", "bytes", "bpp", *(name for name in MEASURES))
        values = {key: [row[key] for row in files_of_quality if key in row] for key in keys}
        means.append({key: round(float(np.mean(of)), DIGITS) for key, of in values.items() if of})
    return sorted(means, key=lambda row: row["bpp"])


def compressai(codec: Codec, means: Sequence[dict[str, float]]) -> JsonObject:
    """Return a codec's means in CompressAI's layout, without measures that some quality lacks."""
    whole = [key for key in COMPRESSAI_NAMES if all(key in row for row in means)]
    return {
        "name": codec.name,
        "description": f"{codec.settings} ({codec.library})",
        "results": {COMPRESSAI_NAMES[key]: [row[key] for row in means] for key in whole},
    }


def summary(study: Study) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of a table: BD-rates of ablc, per cent; negative: fewer bits."""
    low, high = SPAN
    lines = [
        [f"{tested} against {anchor}", *(_cell(row[measure], study) for measure in study.measures)]
        for tested, against in study.rates.items()
        for anchor, row in against.items()
    ]
    titles = [MEASURES[measure].title for measure in study.measures]
    return [f"BD-rate, %, {low:g} to {high:g} bpp", *titles], lines


def _cell(mean: Mean | None, study: Study) -> str:
    return mean.text("+.1f", len(study.folder.photos)) if mean else "-"
