"""N, the feed-forward fill: its inputs, and its pass over windows of decoded pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ablc import _core
from ablc.arrays import CELL, Floats, Pixels
from ablc.runtime.edges import luma
from ablc.runtime.session import Session
from ablc.runtime.tiles import Window

LOG_STEPS = (0.0, 10.0)  # range of the log2 of luma steps, in grey levels, that N was trained on


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Decoded pixels, with the stream's data about them."""

    pixels: Pixels  # (h, w, C), a part of the picture or all of it
    guide: _core.Guide
    y: int = 0  # of the part's corner in the picture
    x: int = 0
    kept: Floats = field(init=False)  # (R, C), 1 for cells in kept blocks
    steps: Floats = field(init=False)  # (R, C), log2 of cells' luma step, grey levels, in LOG_STEPS

    def __post_init__(self) -> None:
        # Once for all windows: the guide returns new arrays on every access.
        step = np.log2(self.guide.step / 16) + self.guide.offset.astype(np.float32) / 4
        object.__setattr__(self, "kept", self.guide.kept.astype(np.float32))
        object.__setattr__(self, "steps", np.clip(step, *LOG_STEPS).astype(np.float32))

    def window(self, window: Window) -> tuple[Floats, Floats, Floats]:
        """Return N's inputs for a window: decoded (3, H, W), kept and step (1, H/8, W/8).

        The last pixels and cells of the part repeat beyond it.
        """
        inner = Window(window.y - self.y, window.x - self.x, window.height, window.width)
        rows, columns = (
            slice(start // CELL, (start + side) // CELL)
            for start, side in ((inner.y, inner.height), (inner.x, inner.width))
        )
        kept, steps = (self._cells(v[rows, columns], inner) for v in (self.kept, self.steps))
        return planes_of(self.pixels, inner), kept, steps

    @staticmethod
    def _cells(values: Floats, window: Window) -> Floats:
        cells = np.empty((1, window.height // CELL, window.width // CELL), np.float32)
        cells[0, : values.shape[0], : values.shape[1]] = values
        _repeat(cells, *values.shape)
        return cells


def planes_of(pixels: Pixels, window: Window) -> Floats:
    """Return a window of (h, w, C) pixels as (3, H, W) in 0..1; the last pixels repeat beyond."""
    cut = pixels[window.y : window.y + window.height, window.x : window.x + window.width]
    colours = cut[:, :, :3] if cut.shape[2] > 1 else cut.repeat(3, 2)
    planes = np.empty((3, window.height, window.width), np.float32)
    inside = planes[:, : cut.shape[0], : cut.shape[1]]
    np.multiply(colours.transpose(2, 0, 1), np.float32(1 / 255), out=inside)
    _repeat(planes, *cut.shape[:2])
    return planes


def run(session: Session, views: Sequence[tuple[Part, Window]]) -> Floats:
    """Return N's pictures, (B, 3, H, W), nominally in 0..1, of windows of one size.

    Raises what Session.run raises.
    """
    decoded, kept, step = map(np.stack, zip(*(p.window(w) for p, w in views), strict=True))
    (painted,) = session.run({"decoded": decoded, "kept": kept, "step": step})
    return np.asarray(painted, np.float32)


def as_channels(painted: Floats, channels: int) -> Floats:
    """Return (3, h, w) for a picture of so many channels: for a grey one its luma, (1, h, w)."""
    return luma(painted)[np.newaxis] if channels == 1 else painted


def _repeat(planes: Floats, rows: int, columns: int) -> None:
    """Fill the area beyond rows and columns with the last of them."""
    planes[:, :rows, columns:] = planes[:, :rows, columns - 1 : columns]
    planes[:, rows:] = planes[:, rows - 1 : rows]
