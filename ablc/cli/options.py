"""Options that several commands have."""

from typing import Annotated

import typer

from ablc.settings import Fill, Provider, Subsampling, Tune

FIDELITY, REGIONS, MASKS = "Fidelity or size", "Regions", "Masks by rule"  # headings of options
PAINTING = "Painting"

Quality = Annotated[
    float | None,
    typer.Option(
        "-q",
        "--quality",
        metavar="1..100",
        help="Fidelity.",
        show_default="50",
        rich_help_panel=FIDELITY,
    ),
]
Bytes = Annotated[
    int | None,
    typer.Option(
        "--bytes",
        metavar="N",
        help="Size to hit: within 2 %, never above.",
        rich_help_panel=FIDELITY,
    ),
]
Bpp = Annotated[
    float | None,
    typer.Option(
        "--bpp", metavar="X", help="The same in bits per pixel.", rich_help_panel=FIDELITY
    ),
]
Lossless = Annotated[
    bool, typer.Option("--lossless", help="Every sample comes back.", rich_help_panel=FIDELITY)
]
Rois = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHERE[:WEIGHT]",
        help="Region that counts WEIGHT times (16; below 1: less; 0: nothing; inf: lossless): "
        "X,Y,W,H in pixels; a picture of the same size that is white inside; auto, what "
        "stands out; or the name of a plug-in. May be repeated; later ones win.",
        rich_help_panel=REGIONS,
    ),
]
LosslessRoi = Annotated[
    bool,
    typer.Option(
        "--lossless-roi", help="Every pixel of the regions comes back.", rich_help_panel=REGIONS
    ),
]
Feather = Annotated[
    int,
    typer.Option(
        min=0, metavar="N", help="Soft border around regions, pixels.", rich_help_panel=REGIONS
    ),
]
Effort = Annotated[
    int, typer.Option(min=1, max=9, metavar="1..9", help="From fastest to smallest.")
]
Chroma = Annotated[Subsampling, typer.Option(help="Chroma; auto is 4:4:4 from quality 90 on.")]
Measure = Annotated[Tune, typer.Option(help="Measure to serve.")]
Painter = Annotated[
    Fill,
    typer.Option(
        help="What paints ablated blocks. net and ppgn are networks; auto: net where it is "
        "installed and the file is coarse enough to gain from it.",
        rich_help_panel=PAINTING,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="Network of fill=net and ppgn (see ablc models).",
        show_default="the file's, or fill-small",
        rich_help_panel=PAINTING,
    ),
]
RunOn = Annotated[Provider, typer.Option(help="Where networks run.", rich_help_panel=PAINTING)]
Threads = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Processor cores to use.", show_default="all"),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Refuse larger pictures.", show_default="89 million"),
]
Strip = Annotated[bool, typer.Option("--strip", help="Leave ICC profile, EXIF and XMP behind.")]
