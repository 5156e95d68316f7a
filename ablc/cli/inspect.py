"""The command `ablc inspect`."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ablc import files, inspection, pictures, terminal
from ablc.cli import console, models, options, outputs
from ablc.drawing import map_sheet
from ablc.inspection import StreamInfo


def inspect(
    source: Annotated[str, typer.Argument(metavar="IN", help="Stream to read (.ablc).")],
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as a JSON object.")
    ] = False,
    drawing: Annotated[
        str | None,
        typer.Option(
            "--map", metavar="PNG", help="Write a picture of the bits and the blocks in each part."
        ),
    ] = None,
    force: outputs.Force = False,
    max_pixels: options.MaxPixels = None,
) -> None:
    """Show the contents of an .ablc file, section by section."""
    chosen = outputs.drawing_format(drawing) if drawing else "PNG"
    if drawing:
        outputs.check(drawing, chosen, [source], force=force)
    data = files.read(source)
    with console.blaming(source):
        info = inspection.inspect(data, max_pixels=max_pixels)
        if drawing:
            with terminal.busy(f"drawing {drawing}"):
                coding = inspection.coding_map(data, max_pixels=max_pixels)
                sheet = map_sheet.make(coding, info, Path(source).name)
            outputs.write(drawing, pictures.pack(pictures.Picture(np.asarray(sheet)), chosen))
    if json:
        print(info.to_json())
    else:
        _print(info)


def _print(info: StreamInfo) -> None:
    """Print a table about the picture and one of the sections."""
    colours = {1: "grey", 3: "RGB", 4: "RGBA"}[info.channels]
    coding = "lossless" if info.lossless else f"step {info.step:g}, {info.subsampling}"
    leaves = ", ".join(f"{count} of {side}x{side}" for side, count in info.leaves.items())
    console.pairs(
        [
            ("picture", f"{info.width}x{info.height} {colours}"),
            ("coding", f"{coding}, format version {info.version}"),
            ("length", f"{info.length:,} bytes, {info.bpp:.3f} bpp"),
            ("kept", f"{info.kept:.1%} of the pixels"),
            ("blocks", leaves or "none"),
            ("tiles", str(info.tiles)),
            ("networks", models.name_of(info.model) if info.model else "none"),
            ("checksum", "correct" if info.checksum_ok else "WRONG: the file is damaged"),
        ]
    )
    print()
    console.columns(
        ("section", "offset", "bytes", "share"),
        [
            (part.name, str(part.offset), f"{part.length:,}", f"{part.length / info.length:.1%}")
            for part in info.sections
        ],
    )
    if info.segments:
        print()
        console.columns(
            ("in the tiles", "bytes", "share"),
            [
                (name, f"{length:,}", f"{length / info.length:.1%}")
                for name, length in info.segments.items()
            ],
        )
