"""What a results folder holds, checked before anything is shown of it."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablc.errors import ResultsError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Either:
    """A value of this shape, or null."""

    shape: "Shape"


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any names, all its values of this shape."""

    shape: "Shape"


Shape = type | Either | MapOf | list["Shape"] | dict[str, "Shape"]
"""str, int, float (any number), bool; [shape]: an array; [shape, shape]: a pair; {name: shape}: an
object that has these names, and perhaps others."""

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
    """The parts of a results folder; None: not measured."""

    folder: Path
    table1: Row | None
    figures: Row | None
    rd: Row | None
    gallery: Row | None

    @property
    def parts(self) -> list[Row]:
        """Those that are there."""
        every = (self.table1, self.figures, self.rd, self.gallery)
        return [part for part in every if part is not None]


def read(folder: Path) -> Results:
    """The results in a folder.

    Raises ResultsError, naming the file, if one is no JSON or not what its kind of file has to be,
    or if there is none at all; OSError if one cannot be read.
    """
    found = Results(
        folder,
        _part(folder, "table1", TABLE1),
        _part(folder, "figures", FIGURES),
        _part(folder, "rd", RD),
        _part(folder, "gallery", GALLERY),
    )
    if not found.parts:
        raise ResultsError(f"{folder} holds no results: no table1, figures, rd or gallery .json")
    return found


def file_of(folder: Path, name: str) -> Path:
    """The file of a results folder with that relative name.

    Raises ResultsError if it would lie outside the folder, or is not there.
    """
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
        found = inside and path.is_file()
    except (OSError, ValueError) as error:  # a name that no file can have
        raise ResultsError(f"{name!r:.80} is no name of a file: {error}") from error
    if not inside:
        raise ResultsError(f"{name!r} lies outside the results folder {folder}")
    if not found:
        raise ResultsError(f"{name!r} is not in the results folder {folder}")
    return path


def _part(folder: Path, kind: str, shape: Shape) -> Row | None:
    path = folder / f"{kind}.json"
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse)
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path} is no JSON: {error}") from error
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise ResultsError(f'{path} is no result of its kind: it wants "kind": "{kind}"')
    try:
        _check(content, shape, "")
    except ResultsError as error:
        raise ResultsError(f"{path}: {error}") from None
    return content


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _check(value: object, shape: Shape, where: str) -> None:
    """Raises ResultsError, saying where, unless value has the shape."""
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
                raise ResultsError(f"{where or 'it'} lacks {name}")
            _check(held[name], part_shape, f"{where}.{name}".lstrip("."))
    elif isinstance(shape, list):
        parts = _of(value, list, where)
        if len(shape) > 1 and len(parts) != len(shape):
            raise ResultsError(f"{where} must have {len(shape)} values, not {len(parts)}")
        for i, part in enumerate(parts):
            _check(part, shape[i if len(shape) > 1 else 0], f"{where}[{i}]")
    else:
        _of(value, shape, where)


def _of(value: Any, wanted: type, where: str) -> Any:
    """The value. Raises ResultsError unless it is of that type; a float may be whole."""
    whole = wanted is float and type(value) is int
    if type(value) is not wanted and not whole:
        raise ResultsError(f"{where} must be of type {wanted.__name__}, not {value!r:.60}")
    if wanted is float and not math.isfinite(value):
        raise ResultsError(f"{where} is not finite")
    return value
