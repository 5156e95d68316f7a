"""The command `ablc compare`."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ablc import files, importance, metrics, pictures, terminal
from ablc.arrays import Flags, Pixels
from ablc.cli import console, inputs, outputs
from ablc.drawing import compare_sheet
from ablc.eval.measures.measure_set import known_measures, missing_measures
from ablc.eval.measures.regional import RegionFidelity, regional
from ablc.eval.measures.ssimulacra2 import ssimulacra2
from ablc.importance import Roi

ABSENT = {"ssim": "none: under 11 pixels", "ms_ssim": "none: under 176 pixels"}
UNSCORED = "none: under 8 pixels"


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two pictures, and its file."""

    name: str  # of the file
    data: bytes
    pixels: Pixels  # (H, W, C)

    @property
    def bpp(self) -> float:
        """Return the file's bits per pixel."""
        return 8 * len(self.data) / self.pixels[..., 0].size

    @property
    def length(self) -> str:
        """Return bytes and bits per pixel, in words."""
        return f"{len(self.data):,} bytes, {self.bpp:.3f} bpp"


@dataclass(frozen=True, slots=True)
class Difference:
    """The measures of two pictures; missing: why some do not exist, by name."""

    whole: metrics.Comparison
    ssimulacra2: float | None
    missing: Mapping[str, str]
    share: float | None = None  # of the pixels, inside the regions; None: there are none
    parts: RegionFidelity | None = None


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Picture or .ablc file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Picture or .ablc file.")],
    roi: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHERE",
            help="Region of A to measure inside and outside of; WHERE is as of ablc encode. May be "
            "repeated: all of them are inside.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as a JSON object.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PNG",
            help="Write a picture of both, their error, and the parts that differ most.",
        ),
    ] = None,
    force: outputs.Force = False,
) -> None:
    """Measure the difference between two pictures: PSNR, SSIM, MS-SSIM and SSIMULACRA 2.

    SSIMULACRA 2 needs the extra 'eval'. Of regions PSNR and SSIM are measured.
    """
    chosen = pictures.format_of(out) if out else "PNG"
    if out:
        outputs.check(out, chosen, [first, second, *map(inputs.place_of, roi or ())], force=force)
    rois = inputs.parse_rois(roi or (), 0, lossless=bool(roi))
    sides = [_read(name) for name in (first, second)]
    with terminal.busy("measuring"):
        measured = _measure(sides, rois)
    if as_json:
        print(json.dumps(_document(sides, measured), indent=2, allow_nan=False))
    else:
        console.pairs([*((side.name, side.length) for side in sides), *_rows(measured)])
    if out:
        _draw(sides, measured.whole.psnr, out, chosen)


def _read(name: str) -> Side:
    data = files.read(name)
    with console.blaming(name):
        return Side(name, data, inputs.pixels_of(name, data))


def _measure(sides: Sequence[Side], rois: Sequence[Roi]) -> Difference:
    whole = metrics.compare(sides[0].pixels, sides[1].pixels)
    missing = {name: why for name, why in ABSENT.items() if getattr(whole, name) is None}
    missing |= {name: f"none: {why}" for name, why in missing_measures().items()}
    original, shown = (metrics.rgb(side.pixels) for side in sides)
    score = None if "ssimulacra2" in missing else ssimulacra2(original, shown)
    if score is None:
        missing.setdefault("ssimulacra2", UNSCORED)
    if not rois:
        return Difference(whole, score, missing)
    inside = _inside(rois, sides[0].pixels)
    share = float(inside.mean())
    return Difference(whole, score, missing, share, regional(original, shown, inside))


def _inside(rois: Sequence[Roi], picture: Pixels) -> Flags:
    """Return the pixels of a picture, (H, W), that any of the regions covers by half or more."""
    flags = np.zeros(picture.shape[:2], np.bool_)
    for roi in rois:
        flags |= np.isinf(importance.paint([replace(roi, weight=math.inf)], picture))
    return flags


def _rows(measured: Difference) -> list[tuple[str, str]]:
    """Return the measures by name, as text."""
    whole, parts, missing = measured.whole, measured.parts, measured.missing
    rows = [
        ("PSNR", f"{whole.psnr:.2f} dB"),
        ("SSIM", missing.get("ssim") or f"{whole.ssim:.4f}"),
        ("MS-SSIM", missing.get("ms_ssim") or f"{whole.ms_ssim:.4f}"),
        ("SSIMULACRA 2", missing.get("ssimulacra2") or f"{measured.ssimulacra2:.2f}"),
    ]
    if parts is None:
        return rows
    places = (("inside", parts.psnr_in, parts.ssim_in), ("outside", parts.psnr_out, parts.ssim_out))
    rows.append(("region", f"{measured.share:.1%} of the pixels"))
    for name, psnr, ssim in places:
        similar = "no SSIM" if ssim is None else f"SSIM {ssim:.4f}"
        rows.append((name, f"{psnr:.2f} dB, {similar}"))
    return rows


def _document(sides: Sequence[Side], measured: Difference) -> dict[str, Any]:
    """Return the content of --json; null stands for what is infinite or does not exist."""
    height, width = sides[0].pixels.shape[:2]
    region = None
    if measured.parts is not None:
        region = {"share": measured.share, **_finite(asdict(measured.parts))}
    return {
        "pictures": [
            {"name": side.name, "bytes": len(side.data), "bpp": side.bpp} for side in sides
        ],
        "width": width,
        "height": height,
        "equal": math.isinf(measured.whole.psnr),
        **dict.fromkeys(asdict(measured.whole)),
        **known_measures(measured.whole),
        "ssimulacra2": measured.ssimulacra2,
        "missing": dict(measured.missing),
        "region": region,
    }


def _finite(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: None if value is not None and math.isinf(value) else value
        for name, value in values.items()
    }


def _draw(sides: Sequence[Side], psnr: float, out: str, chosen: str) -> None:
    """Write the picture of both sides."""
    with terminal.busy(f"drawing {out}"):
        details = (sides[0].length, f"{sides[1].length}, PSNR {psnr:.2f} dB")
        shown = [
            compare_sheet.ComparedPicture(
                Path(side.name).name, detail, side.pixels, inputs.coding_of(side.data)
            )
            for side, detail in zip(sides, details, strict=True)
        ]
        sheet = compare_sheet.make(*shown)
    outputs.write(out, pictures.pack(pictures.Picture(np.asarray(sheet)), chosen))
