"""The commands `ablc reproduce`: the paper's results and the peers, measured again."""

from pathlib import Path
from typing import Annotated

import typer

from ablc.settings import cores

reproduce = typer.Typer(
    help="Measure the systems of the paper, and the peers, on your pictures.",
    epilog="Needs the extra 'eval', and ONNX Runtime ('cpu' or 'gpu') for what networks paint. "
    "Interrupted runs go on where they were.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

FolderIn = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of pictures.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")]
Jobs = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Processes.", default_factory=cores, show_default="one per core"
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where measurements are kept.",
        show_default="ablc/eval in the user's cache folder",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Only the first N pictures.", show_default="all"),
]
OUT_DEFAULT = Path("ablc-results")
