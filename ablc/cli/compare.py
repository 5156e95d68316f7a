"""The command `ablc compare`."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ablc import files, metrics, pictures, terminal
from ablc.cli import console, inputs, outputs
from ablc.drawing import compare_sheet


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Picture or .ablc file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Picture or .ablc file.")],
    out: Annotated[
        str | None,
        typer.Option(metavar="PNG", help="Draw both, their error, and the parts that differ most."),
    ] = None,
) -> None:
    """Measure how far picture B is from picture A."""
    chosen = pictures.format_of(out) if out else "PNG"
    streams, sizes, shown = [], [], []
    for name in (first, second):
        data = files.read(name)
        with console.blaming(name):
            shown.append(inputs.pixels_of(name, data))
        streams.append(data)
        sizes.append(f"{len(data):,} bytes, {8 * len(data) / shown[-1][..., 0].size:.3f} bpp")
    with terminal.busy("measuring"):
        found = metrics.compare(shown[0], shown[1])
    ssim = "none: under 11 pixels" if found.ssim is None else f"{found.ssim:.4f}"
    ms_ssim = "none: under 176 pixels" if found.ms_ssim is None else f"{found.ms_ssim:.4f}"
    measures = [("PSNR", f"{found.psnr:.2f} dB"), ("SSIM", ssim), ("MS-SSIM", ms_ssim)]
    console.pairs([(first, sizes[0]), (second, sizes[1]), *measures])
    if out:
        with terminal.busy(f"drawing {out}"):
            details = (sizes[0], f"{sizes[1]}, PSNR {found.psnr:.2f} dB")
            sides = [
                compare_sheet.ComparedPicture(
                    Path(name).name, detail, pixels, inputs.coding_of(data)
                )
                for name, detail, pixels, data in zip(
                    (first, second), details, shown, streams, strict=True
                )
            ]
            sheet = compare_sheet.make(*sides)
        outputs.write(out, pictures.pack(pictures.Picture(np.asarray(sheet)), chosen))
