"""The scale at which a picture is drawn: large ones are reduced, tiny ones enlarged."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from ablc.arrays import CELL, Pixels

SIDE_MOST = 1600  # of a drawn picture, pixels
SIDE_LEAST = 640  # smaller pictures are enlarged to about this, by a whole factor
PAPER = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class View:
    """The geometry of a drawn picture: where its pixels and cells lie in the drawing."""

    height: int  # of the drawing
    width: int
    scale: float  # pixels of the drawing per pixel of the picture

    @classmethod
    def of(cls, height: int, width: int) -> Self:
        """Return the view of a picture of height x width pixels."""
        longest = max(height, width)
        if longest <= SIDE_MOST:
            zoom = max(1, SIDE_LEAST // longest)
            return cls(height * zoom, width * zoom, zoom)
        scale = SIDE_MOST / longest
        return cls(max(1, round(height * scale)), max(1, round(width * scale)), scale)

    @property
    def cell(self) -> float:
        """Return the side of a cell in the drawing, pixels."""
        return CELL * self.scale

    def picture(self, pixels: Pixels) -> Pixels:
        """Return the drawing, (h, w, 3), of a picture, (H, W, C)."""
        return np.asarray(self._resize(opaque(pixels)))

    def plane(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the drawing, (h, w), of a plane, (H, W); a reduced one has means."""
        return np.asarray(self._resize(Image.fromarray(values)))

    def cells(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the drawing, (h, w, ...), of cells, (R, C, ...), each of them flat."""
        rows = self._cell_at(self.height, values.shape[0])
        columns = self._cell_at(self.width, values.shape[1])
        return values[rows[:, np.newaxis], columns]

    def _resize(self, image: Image.Image) -> Image.Image:
        size = (self.width, self.height)
        if image.size == size:
            return image
        return image.resize(
            size, Image.Resampling.NEAREST if self.scale > 1 else Image.Resampling.BOX
        )

    def _cell_at(self, length: int, count: int) -> npt.NDArray[np.intp]:
        """Return the index of the cell around each pixel of the drawing along one axis."""
        inside = (np.arange(length) + 0.5) / self.cell
        return np.minimum(inside.astype(np.intp), count - 1)


def opaque(pixels: Pixels) -> Image.Image:
    """Return samples, (H, W, C), as an RGB picture, transparency composed over white."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if image.mode != "RGBA":
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, PAPER)
    return Image.alpha_composite(paper, image).convert("RGB")
