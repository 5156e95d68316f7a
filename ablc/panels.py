"""Pictures side by side, each with its label beneath."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ablc.importance import CELL

PAPER, INK, FAINT = (255, 255, 255), (20, 20, 24), (96, 96, 104)
ABLATED = (38, 40, 66)  # flat colour of blocks that are not in the file


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture and what is written under it."""

    pixels: npt.NDArray[np.uint8]  # (H, W, C)
    title: str
    detail: str = ""


def draw(panels: list[Panel]) -> Image.Image:
    """All panels on white paper, at 100 %: upright ones in one row, wide ones two to a row."""
    height = max(panel.pixels.shape[0] for panel in panels)
    width = max(panel.pixels.shape[1] for panel in panels)
    columns = len(panels) if height > width else min(2, len(panels))
    rows = -(-len(panels) // columns)
    size = max(11, min(width // 26, 28))  # of the letters, pixels
    gap, foot = size, 3 * size
    canvas = Image.new(
        "RGB", (columns * (width + gap) + gap, rows * (height + gap + foot) + gap), PAPER
    )
    pen = ImageDraw.Draw(canvas)
    for place, panel in enumerate(panels):
        x = gap + place % columns * (width + gap)
        y = gap + place // columns * (height + gap + foot)
        canvas.paste(_opaque(panel.pixels), (x, y))
        below = y + height + size // 3
        pen.text((x, below), panel.title, INK, _font(pen, panel.title, size, width))
        below += size + size // 3
        pen.text((x, below), panel.detail, FAINT, _font(pen, panel.detail, size, width))
    return canvas


def show_mask(pixels: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """(H, W, 3): the picture where mask's cells are kept, one flat colour where they are not."""
    height, width, _ = pixels.shape
    kept = mask.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]  # (H, W)
    rgb = np.asarray(_opaque(pixels))
    return np.where(kept[..., np.newaxis], rgb, np.array(ABLATED, np.uint8))


def _opaque(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """RGB on white paper."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if image.mode != "RGBA":
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, PAPER)
    return Image.alpha_composite(paper, image).convert("RGB")


def _font(
    pen: ImageDraw.ImageDraw, text: str, size: int, width: int
) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The largest letters up to size in which text is at most width pixels long."""
    while size > 8 and pen.textlength(text, ImageFont.load_default(size)) > width:
        size -= 1
    return ImageFont.load_default(size)
