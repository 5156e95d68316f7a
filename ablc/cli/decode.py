"""The command `ablc decode`."""

import warnings
from typing import Annotated

import typer

from ablc import files, pictures, terminal
from ablc.cli import console, inputs, options, outputs
from ablc.decoder import Decoder
from ablc.errors import PaintWarning, StreamWarning
from ablc.inspection import Metadata
from ablc.regions import Region
from ablc.settings import DecodeSettings

DEFAULTS = DecodeSettings()


def decode(
    source: Annotated[str, typer.Argument(metavar="IN", help="Stream to read (.ablc).")],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="Picture to write; the extension sets the format.")
    ],
    fill: options.Painter = DEFAULTS.fill,
    model: options.Model = None,
    strength: options.Strength = None,
    iterations: options.Iterations = DEFAULTS.iterations,
    budget_ms: options.BudgetMs = None,
    provider: options.RunOn = DEFAULTS.provider,
    region: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Decode only this part, given in pixels.")
    ] = None,
    partial: options.Partial = False,
    strip: options.Strip = False,
    force: outputs.Force = False,
    threads: options.Threads = None,
    max_pixels: options.MaxPixels = None,
) -> None:
    """Decode an .ablc file to a picture."""
    chosen = pictures.format_of(target)
    part = Region.parse(region) if region else None
    decoder = Decoder(
        fill=fill,
        model=model,
        strength=strength,
        iterations=iterations,
        budget_ms=budget_ms,
        provider=provider,
        threads=threads,
        partial=partial,
        max_pixels=max_pixels,
    )
    outputs.check(target, chosen, [source], force=force)
    data = files.read(source)
    with (
        terminal.busy(f"decoding {source}"),
        console.blaming(source),
        warnings.catch_warnings(record=True) as caught,
    ):
        for kind in (PaintWarning, StreamWarning):
            warnings.simplefilter("always", kind)
        pixels = decoder.decode(data, region=part)
        metadata = Metadata() if strip else inputs.metadata_of(data, partial=partial)
    for warning in caught:
        terminal.warn(f"{source}: {warning.message}")
    with terminal.busy(f"writing {target}"), console.blaming(target):
        file, notes = pictures.pack_noting(pictures.Picture(pixels, metadata), chosen)
    for note in notes:
        terminal.warn(f"{target}: {note}")
    outputs.write(target, file)
