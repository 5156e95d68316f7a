"""A made-up results folder: small numbers and pictures in the files that the page reads."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ablc.eval.store import JsonObject
from scenes import scene

KINDS = ("table1", "figures", "rd", "gallery")


def make(out: Path, kinds: tuple[str, ...] = KINDS, name: str = "harbour") -> Path:
    """Make a folder with results of some kinds about a picture; return the folder."""
    for kind in kinds:
        content = {"kind": kind, "ablc": "9.9.9", "pictures": [name], "broken": []}
        content |= {"table1": table1, "figures": figures, "rd": rd, "gallery": gallery}[kind](
            out, name
        )
        write(out, kind, content)
    return out


def write(out: Path, kind: str, content: object) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{kind}.json").write_text(json.dumps(content))


def read(out: Path, kind: str) -> JsonObject:
    content: JsonObject = json.loads((out / f"{kind}.json").read_text())
    return content


def table1(out: Path, name: str) -> JsonObject:
    """Return two rows of JPEG, ablc at their bytes, one of the paper's, and one that failed."""
    rows = [
        _table_row("jpeg-1", "JPEG", "JPEG 1 % quality", 0.438, 0.48, 1847),
        _table_row("jpeg-50", "JPEG", "JPEG 50 % quality", 0.864, 0.852, 8290),
        _table_row("blocks", "paper", "Block sampling", 0.366, 0.512, 2210),
        _table_row("ablc-1", "ablc", "ablc, JPEG 1 %", None, 0.641, 1840),
        _table_row("ablc-50", "ablc", "ablc, JPEG 50 %", None, 0.871, 8281),
        _table_row("stage-2", "systems", "Stage II", None, None, None),
    ]
    rows[-1]["failed"] = [{"name": name, "reason": "no such network"}]
    checks = [{"text": "the paper's order holds", "holds": True, "detail": ".1 < .2"}]
    settings = {"protocol": "kodak-227", "reference_form": False, "quick": True}
    return settings | {"seconds": 12.5, "jobs": 2, "rows": rows, "checks": checks}


def figures(out: Path, name: str) -> JsonObject:
    """Return one figure with a picture, a table and a plot."""
    _picture(out, "figures/one.png")
    survey = {
        "title": "Iterations",
        "x": {"label": "iterations", "log": False},
        "y": {"label": "SSIM"},
        "lines": [{"name": "edge loss", "points": [[0, 0.3], [10, 0.5], [200, 0.6]]}],
    }
    figure = {
        "id": "figure-2",
        "title": "Figure 2: centre square",
        "caption": "What is outside the square is painted.",
        "images": [{"file": "figures/one.png", "caption": name}],
        "tables": [{"title": "Loss", "head": ["term", "value"], "rows": [["edge", "0.25"]]}],
        "plots": [survey],
    }
    return {"figures": [figure]}


def rd(out: Path, name: str) -> JsonObject:
    """Return curves of ablc and JPEG, one missing codec and one published point."""
    curves = {"ablc": 0.1, "JPEG": 0.0}
    codecs: list[JsonObject] = [
        {"name": codec, "settings": "as it comes", "library": "1.0", "missing": None, "curve": []}
        for codec in curves
    ]
    for codec in codecs:
        codec["curve"] = [
            {"quality": q, "bpp": q / 100, "bytes": 60 * q, "ssim": 0.5 + curves[codec["name"]]}
            for q in (10, 20, 40)
        ]
    absent = {"name": "JPEG XL", "settings": "", "library": "", "curve": []}
    codecs.append({**absent, "missing": "pip install imagecodecs"})
    published = {"codec": "VTM", "measure": "ssim", "points": [[0.2, 0.7]], "source": "their page"}
    return {
        "rates": [0.1, 0.25],
        "bd_range": [0.05, 0.5],
        "measures": {"ssim": {"name": "SSIM", "better": "higher"}},
        "codecs": codecs,
        "bd_rates": {"ablc": {"JPEG": {"ssim": {"mean": -47.0, "median": -45.0, "count": 1}}}},
        "speed": [{"codec": "ablc", "bpp": 0.5, "encode": 4.8, "decode": 40.0}],
        "published": [published],
    }


def gallery(out: Path, name: str) -> JsonObject:
    """Return one picture in three versions, with a map."""
    versions = [
        _version("original", None, None),
        _version("ablc", 900, 0.81),
        _version("JPEG", 890, 0.72),
    ]
    for i, version in enumerate(versions):
        _picture(out, f"gallery/{i}.webp", seed=i)
        version["file"] = f"gallery/{i}.webp"
    _picture(out, "gallery/bits.webp")
    bits = {"title": "bits per pixel", "detail": "half of them", "file": "gallery/bits.webp"}
    bits |= {"colours": ["#1c143a", "#fcfcbe"], "ticks": [{"place": 0.5, "text": "0.1"}]}
    picture = {
        "name": name,
        "width": 96,
        "height": 64,
        "notes": ["grey became RGB"],
        "window": None,
        "versions": versions,
        "maps": [bits],
        "region": {"where": "auto, weight 16", "share": 0.15, "missing": None},
    }
    codec = {"name": "JPEG", "settings": "progressive", "library": "1.0", "missing": None}
    goal = {"goal": "0.25 bits per pixel", "shown_as": "Pictures are shown as WebP."}
    return {**goal, "codecs": [codec], "pictures": [picture]}


def _table_row(
    row: str, group: str, name: str, paper: float | None, ssim: float | None, length: float | None
) -> JsonObject:
    measures = {"ssim": ssim, "luma_ssim": ssim, "psnr": None if ssim is None else 25.0}
    about = {"id": row, "group": group, "name": name, "how": "as it comes", "failed": []}
    return {**about, "paper": paper, **measures, "bytes": length, "each": {}}


def _version(codec: str, byte_count: int | None, ssim: float | None) -> JsonObject:
    measures = {"psnr": None if ssim is None else 27.5, "ssim": ssim, "inside": None}
    measures |= {"outside": None, "ssimulacra2": None, "lpips": None}
    return {"codec": codec, "bytes": byte_count, **measures, "note": "", "file": None}


def _picture(out: Path, name: str, seed: int = 1) -> None:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(scene(64, 96, seed=seed))).save(path, lossless=True)
