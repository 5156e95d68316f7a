"""The results in a folder, checked before any is shown."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablc.errors import ResultsError
from ablc.eval.store import JsonObject


@dataclass(frozen=True, slots=True)
class Either:
    """A value of a shape, or null."""

    shape: "Shape"


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any names, whose values all have a shape."""

    shape: "Shape"


Shape = type | Either | MapOf | list["Shape"] | dict[str, "Shape"]
"""str, int, float (any number), bool; [shape]: an array; [shape, shape]: a pair; {name: shape}: an
object with these names, and perhaps others."""

BROKEN: Shape = [{"name": str, "reason": str}]

TABLE1: Shape = {
    "ablc": str,
    "protocol": str,
    "reference_form": bool,
    "quick": bool,
    "pictures": [str],
    "broken": BROKEN,
    "seconds": float,
    "jobs": int,
    "rows": [
        {
            "id": str,
            "group": str,
            "name": str,
            "how": str,
            "paper": Either(float),
            "ssim": Either(float),
            "luma_ssim": Either(float),
            "psnr": Either(float),
            "bytes": Either(float),
            "failed": BROKEN,
        }
    ],
    "checks": [{"text": str, "holds": bool, "detail": str}],
}

FIGURES: Shape = {
    "ablc": str,
    "pictures": [str],
    "broken": BROKEN,
    "figures": [
        {
            "id": str,
            "title": str,
            "caption": str,
            "images": [{"file": str, "caption": str}],
            "tables": [{"title": str, "head": [str], "rows": [[str]]}],
            "plots": [
                {
                    "title": str,
                    "x": {"label": str},
                    "y": {"label": str},
                    "lines": [{"name": str, "points": [[float, float]]}],
                }
            ],
        }
    ],
}

RD: Shape = {
    "ablc": str,
    "pictures": [str],
    "broken": BROKEN,
    "bd_range": [float, float],
    "measures": MapOf({"name": str, "better": str}),
    "codecs": [
        {
            "name": str,
            "settings": str,
            "library": str,
            "missing": Either(str),
            "curve": [MapOf(Either(float))],
        }
    ],
    "bd_rates": MapOf(MapOf(MapOf(Either({"mean": float, "median": float, "count": int})))),
    "speed": [{"codec": str, "bpp": float, "encode": Either(float), "decode": Either(float)}],
    "published": [{"codec": str, "measure": str, "points": [[float, float]], "source": str}],
}

GALLERY: Shape = {
    "ablc": str,
    "goal": str,
    "shown_as": str,
    "broken": BROKEN,
    "codecs": [{"name": str, "settings": str, "library": str, "missing": Either(str)}],
    "pictures": [
        {
            "name": str,
            "width": int,
            "height": int,
            "notes": [str],
            "window": Either([int, int, int, int]),
            "versions": [
                {
                    "codec": str,
                    "bytes": Either(int),
                    "psnr": Either(float),
                    "ssim": Either(float),
                    "inside": Either(float),
                    "outside": Either(float),
                    "ssimulacra2": Either(float),
                    "lpips": Either(float),
                    "note": str,
                    "file": Either(str),
                }
            ],
            "maps": [
                {
                    "title": str,
                    "detail": str,
                    "file": str,
                    "colours": [str],
                    "ticks": [{"place": float, "text": str}],
                }
            ],
            "region": {"where": str, "share": Either(float), "missing": Either(str)},
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Results:
    """The JSON documents of a results folder; None: not measured."""

    folder: Path
    table1: JsonObject | None
    figures: JsonObject | None
    rd: JsonObject | None
    gallery: JsonObject | None

    @property
    def parts(self) -> list[JsonObject]:
        """Return the documents that exist."""
        every = (self.table1, self.figures, self.rd, self.gallery)
        return [part for part in every if part is not None]


def read(folder: Path) -> Results:
    """Return the results in a folder.

    Raises ResultsError if there are none, or, naming the file, if one is not JSON or does not have
    the shape of its kind; OSError if one cannot be read.
    """
    results = Results(
        folder,
        _part(folder, "table1", TABLE1),
        _part(folder, "figures", FIGURES),
        _part(folder, "rd", RD),
        _part(folder, "gallery", GALLERY),
    )
    if not results.parts:
        raise ResultsError(
            f"no results in {folder}: expected table1.json, figures.json, rd.json or gallery.json"
        )
    return results


def file_of(folder: Path, name: str) -> Path:
    """Return the path of a file of a results folder, by its relative name.

    Raises ResultsError if the path lies outside the folder or does not exist.
    """
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
        exists = inside and path.is_file()
    except (OSError, ValueError) as error:  # a name that no file can have
        raise ResultsError(f"{name!r:.80} is not a valid file name: {error}") from error
    if not inside:
        raise ResultsError(f"{name!r} lies outside the results folder {folder}")
    if not exists:
        raise ResultsError(f"{name!r} is not in the results folder {folder}")
    return path


def _part(folder: Path, kind: str, shape: Shape) -> JsonObject | None:
    path = folder / f"{kind}.json"
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse)
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise ResultsError(f'{path}: expected an object with "kind": "{kind}"')
    try:
        _check(content, shape, "")
    except ResultsError as error:
        raise ResultsError(f"{path}: {error}") from None
    return content


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number of JSON")


def _check(value: object, shape: Shape, where: str) -> None:
    """Raise ResultsError, naming the place, unless value has the shape."""
    if isinstance(shape, Either):
        if value is not None:
            _check(value, shape.shape, where)
    elif isinstance(shape, MapOf):
        for name, part in _of(value, dict, where).items():
            _check(part, shape.shape, f"{where}.{name}")
    elif isinstance(shape, dict):
        held = _of(value, dict, where)
        for name, part_shape in shape.items():
            if name not in held:
                raise ResultsError(f"{where or 'the document'} lacks {name}")
            _check(held[name], part_shape, f"{where}.{name}".lstrip("."))
    elif isinstance(shape, list):
        parts = _of(value, list, where)
        if len(shape) > 1 and len(parts) != len(shape):
            raise ResultsError(f"{where} must have {len(shape)} values, not {len(parts)}")
        for i, part in enumerate(parts):
            _check(part, shape[i if len(shape) > 1 else 0], f"{where}[{i}]")
    else:
        _of(value, shape, where)


def _of(value: Any, expected: type, where: str) -> Any:
    """Return the value. Raises ResultsError unless it has that type; a float may be whole."""
    whole = expected is float and type(value) is int
    if type(value) is not expected and not whole:
        raise ResultsError(f"{where} must be of type {expected.__name__}, not {value!r:.60}")
    if expected is float and not math.isfinite(value):
        raise ResultsError(f"{where} is not finite")
    return value
