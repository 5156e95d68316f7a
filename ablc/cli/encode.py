"""The command `ablc encode`."""

from typing import Annotated

import typer

from ablc import terminal
from ablc.cli import inputs, options, outputs
from ablc.encoder import Encoder
from ablc.importance import FEATHER_DEFAULT
from ablc.inspection import Metadata
from ablc.schemes import Scheme
from ablc.settings import EncodeSettings

DEFAULTS, RULE = EncodeSettings(), Scheme()


def encode(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="Picture to read, in any format that Pillow reads.")
    ],
    target: Annotated[str, typer.Argument(metavar="OUT", help="Stream to write (.ablc).")],
    quality: options.Quality = None,
    target_bytes: options.Bytes = None,
    bpp: options.Bpp = None,
    lossless: options.Lossless = False,
    roi: options.Rois = None,
    lossless_roi: options.LosslessRoi = False,
    feather: options.Feather = FEATHER_DEFAULT,
    mask: options.Mask = RULE.name,
    mask_share: options.MaskShare = RULE.share,
    mask_random: options.MaskRandom = RULE.random_share,
    edges: options.EdgeFinder = RULE.edges,
    seed: options.Seed = RULE.seed,
    effort: options.Effort = DEFAULTS.effort,
    subsampling: options.Chroma = DEFAULTS.subsampling,
    tune: options.Measure = DEFAULTS.tune,
    assist: options.Assistance = None,
    paint: options.Paint = None,
    keep_invisible: options.KeepInvisible = None,
    strip: options.Strip = False,
    force: outputs.Force = False,
    threads: options.Threads = None,
    max_pixels: options.MaxPixels = None,
) -> None:
    """Encode a picture as an .ablc file."""
    encoder = Encoder(
        quality=quality,
        target_bytes=target_bytes,
        bpp=bpp,
        lossless=lossless,
        effort=effort,
        threads=threads,
        subsampling=subsampling,
        tune=tune,
        assist=tuple(assist.split(",")) if assist else (),  # type: ignore[arg-type]
        paint=paint,
        keep_invisible=keep_invisible,
    )
    outputs.check(target, outputs.STREAM, [source, *map(inputs.place_of, roi or ())], force=force)
    regions = inputs.parse_rois(roi or (), feather, lossless=lossless_roi)
    scheme = Scheme(mask, mask_share, random_share=mask_random, edges=edges, seed=seed)
    picture = inputs.read_picture(source, max_pixels)
    height, width, _ = picture.pixels.shape
    metadata = Metadata() if strip else picture.metadata
    with terminal.busy(f"encoding {source}"):
        data, notes = encoder.encode_noting(
            picture.pixels,
            importance=regions or None,
            mask=scheme,
            icc=metadata.icc,
            exif=metadata.exif,
            xmp=metadata.xmp,
        )
    for note in notes:
        terminal.warn(f"{source}: {note}")
    outputs.write(target, data)
    terminal.remark(f"{target}: {len(data):,} bytes, {8 * len(data) / (height * width):.3f} bpp")
