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
        typer.Option(
            metavar="PNG",
            help="Write a picture of both, their error, and the parts that differ most.",
        ),
    ] = None,
    force: outputs.Force = False,
) -> None:
    """Measure the difference between two pictures: PSNR, SSIM and MS-SSIM."""
    chosen = pictures.format_of(out) if out else "PNG"
    if out:
        outputs.check(out, chosen, [first, second], force=force)
    files_read, lengths, shown = [], [], []
    for name in (first, second):
        data = files.read(name)
        with console.blaming(name):
            shown.append(inputs.pixels_of(name, data))
        files_read.append(data)
        lengths.append(f"{len(data):,} bytes, {8 * len(data) / shown[-1][..., 0].size:.3f} bpp")
    with terminal.busy("measuring"):
        measured = metrics.compare(shown[0], shown[1])
    ssim = "none: under 11 pixels" if measured.ssim is None else f"{measured.ssim:.4f}"
    ms_ssim = "none: under 176 pixels" if measured.ms_ssim is None else f"{measured.ms_ssim:.4f}"
    measures = [("PSNR", f"{measured.psnr:.2f} dB"), ("SSIM", ssim), ("MS-SSIM", ms_ssim)]
    console.pairs([(first, lengths[0]), (second, lengths[1]), *measures])
    if out:
        with terminal.busy(f"drawing {out}"):
            details = (lengths[0], f"{lengths[1]}, PSNR {measured.psnr:.2f} dB")
            sides = [
                compare_sheet.ComparedPicture(
                    Path(name).name, detail, pixels, inputs.coding_of(data)
                )
                for name, detail, pixels, data in zip(
                    (first, second), details, shown, files_read, strict=True
                )
            ]
            sheet = compare_sheet.make(*sides)
        outputs.write(out, pictures.pack(pictures.Picture(np.asarray(sheet)), chosen))
