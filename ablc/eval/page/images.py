"""Pictures inside the page."""

import base64
from pathlib import Path

from PIL import Image

from ablc import pictures
from ablc.drawing.view import opaque
from ablc.errors import PictureError, ResultsError
from ablc.eval.page.markup import Markup, element
from ablc.eval.page.results import file_of
from ablc.eval.webp import webp

SIDE_MOST = 1600  # pixels: larger pictures are reduced to this


def element_of(folder: Path, name: str, text: str, **attributes: str | bool) -> Markup:
    """Return a picture file of the results folder as an element; text is its alternative text.

    Raises ResultsError, naming the file, if it is not in the folder or not a picture.
    """
    data, (width, height) = _shown(file_of(folder, name), name)
    source = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    return element(
        "img",
        src=source,
        alt=text,
        width=str(width),
        height=str(height),
        loading="lazy",
        decoding="async",
        **attributes,
    )


def _shown(path: Path, name: str) -> tuple[bytes, tuple[int, int]]:
    """Return a WebP file and its width and height.

    That is the file itself if it is WebP and small enough, else the smaller of lossless and lossy.
    """
    data = path.read_bytes()
    try:
        pixels = pictures.parse(data).pixels
    except PictureError as error:
        raise ResultsError(f"{name!r} in the results folder: {error}") from error
    if data[8:12] == b"WEBP" and max(pixels.shape) <= SIDE_MOST:
        return data, (pixels.shape[1], pixels.shape[0])
    image = opaque(pixels)
    image.thumbnail((SIDE_MOST, SIDE_MOST), Image.Resampling.BOX)
    return min((webp(image, lossless=True), webp(image)), key=len), image.size
