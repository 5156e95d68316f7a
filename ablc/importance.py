"""Importance maps, which steer where bits are spent.

An importance map is (H, W), 1 = neutral, 0 = spend nothing here, infinite = lossless. The codec
takes means over cells of 8x8 pixels, (R, C) with R = ceil(H / 8), C = ceil(W / 8); cells at the
right and lower border average the pixels inside the picture.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ablc import finders
from ablc.arrays import CELL, Flags, Floats, Pixels, makes_array
from ablc.masks import Share, flags_of, shares_of
from ablc.options import number_of
from ablc.regions import Region
from ablc.settings import FEATHER

WEIGHT_DEFAULT = 16.0  # of a region of interest
FEATHER_DEFAULT = 16  # pixels
WEIGHT_MOST = 1e30
RAMP_LEAST, RAMP_MOST = 1 / 64, 64.0  # weights between which borders fade

Where: TypeAlias = (
    tuple[int, int, int, int] | list[int] | npt.NDArray[np.generic] | str | finders.Finder
)


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """A region of interest: its place, its importance, and the width of its soft border."""

    where: Where
    """A rectangle (x, y, width, height), also as a list or an array; an (H, W) mask (ablc.masks):
    bool, 0 and 1, 0 and 255, labels of which any but 0 is inside, or shares, floats 0..1 or uint8
    0..255; the name of a finder ("auto", "faces", "text", "saliency", or one that a plug-in
    registers); or a callable that takes the picture, (H, W, C) uint8, and returns such a mask. A
    mask of a finder that is 0 everywhere changes nothing; one given as an array is refused."""
    weight: float = WEIGHT_DEFAULT  # importance inside, >= 0; infinite: lossless
    feather: int = FEATHER_DEFAULT  # width of the border around it where the weight fades, pixels

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", _where(self.where))
        weight = number_of(self.weight)
        if weight is None or not (0 <= weight <= WEIGHT_MOST or weight == math.inf):
            raise ValueError(
                f"the weight of a region must be at least 0, at most {WEIGHT_MOST:g} or infinite, "
                f"not {self.weight!r}"
            )
        object.__setattr__(self, "weight", weight)
        feather = FEATHER.check("the feather of a region", self.feather)
        object.__setattr__(self, "feather", feather)

    def fingerprint(self) -> str:
        """Return a text that changes when the region does, except for the code of a callable."""
        import hashlib  # late: the import of ablc stays fast

        where = repr(self.where)
        if isinstance(self.where, np.ndarray):
            pixels = np.ascontiguousarray(self.where)
            digest = hashlib.sha256(pixels.tobytes()).hexdigest()
            where = f"{pixels.shape} {pixels.dtype} {digest}"
        return f"{where} {self.weight} {self.feather}"


Importance: TypeAlias = npt.ArrayLike | Roi | Sequence[Roi] | finders.Finder


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """An importance map in the form of the codec."""

    weight: Floats  # (R, C) means; 0 where exact
    exact: Flags | None  # (R, C): cells to reproduce exactly; None: no cell
    notes: tuple[str, ...] = ()  # one sentence for each lossless region without pixels


def _where(where: Any) -> Any:
    """Return the place of a region in the form of Roi. Raises ValueError if it is none."""
    if isinstance(where, str):
        return where
    flat = isinstance(where, list) and all(number_of(part) is not None for part in where)
    if isinstance(where, tuple) or flat:
        return Region.of(where)
    if isinstance(where, list) or makes_array(where):
        array = np.asarray(where)
        if array.ndim == 1:
            return Region.of(array)
        return array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if callable(where):
        return where
    kind = type(where).__name__
    raise ValueError(f"a region is a rectangle, a mask, a name or a callable, not {kind}")


def to_cells(importance: Importance, pixels: Pixels) -> Cells:
    """Return the cells of an importance in any of its forms, for a picture (H, W, C).

    Raises ValueError if it does not fit the picture, holds NaN or negative values, or the mask
    of a region is empty; FinderError, which names the finder, if one fails.
    """
    height, width, _ = pixels.shape
    if isinstance(importance, Roi):
        importance = [importance]
    if isinstance(importance, Iterator):
        importance = list(importance)
    if isinstance(importance, list | tuple) and any(isinstance(i, Roi) for i in importance):
        strange = [type(i).__name__ for i in importance if not isinstance(i, Roi)]
        if strange:
            raise ValueError(f"a list of Roi must not hold a {strange[0]}")
        painted, notes = _paint(importance, pixels)
        return replace(_means(painted, height, width), notes=notes)
    if callable(importance):
        return _means(finders.call(importance, pixels), height, width)
    return _means(np.asarray(importance), height, width)


def check_mask(mask: object, height: int, width: int) -> Flags:
    """Return an explicit mask, contiguous. Raises ValueError unless it is (R, C) flags."""
    expected = (-(-height // CELL), -(-width // CELL))
    flags = None
    if isinstance(mask, list) or makes_array(mask):
        mask = np.asarray(mask)
        flags = flags_of(mask) if mask.shape == expected else None
    if flags is None:
        given = f"{mask.shape} {mask.dtype}" if isinstance(mask, np.ndarray) else repr(mask)
        raise ValueError(
            f"mask must be a scheme's name or bool cells of shape {expected}, not {given}"
        )
    return np.ascontiguousarray(flags)


def paint(rois: Iterable[Roi], pixels: Pixels) -> Floats:
    """Return the importance map (H, W) of regions: 1, with each region over those before it.

    Raises ValueError if a rectangle leaves the picture, a mask has another size or is empty;
    FinderError, which names the finder, if one fails.
    """
    return _paint(rois, pixels)[0]


def _paint(rois: Iterable[Roi], pixels: Pixels) -> tuple[Floats, tuple[str, ...]]:
    """Return the map that paint() returns, and a sentence for each lossless region without pixels.

    Only a finder's region may have none, or one of a mask whose shares are all below 0.5.
    """
    importance, notes = np.ones(pixels.shape[:2], np.float32), []
    for roi in rois:
        share = _share(roi.where, pixels)
        soft = _feather(share, roi.feather)
        # The geometric mean changes the step by equal ratios along the border.
        before, after = (np.clip(w, RAMP_LEAST, RAMP_MOST) for w in (importance, roi.weight))
        blended = (before ** (1 - soft) * after**soft).astype(np.float32)
        importance = np.where((soft > 0) & np.isfinite(importance), blended, importance)
        inside = share >= (0.5 if math.isinf(roi.weight) else 1)
        importance[inside] = roi.weight
        if math.isinf(roi.weight) and not inside.any():
            name = f" {roi.where}" if isinstance(roi.where, str) else ""
            notes.append(f"the lossless region{name} is empty: it makes no pixel exact")
    return importance, tuple(notes)


def cell_sums(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return the sums (R, C) of a map (H, W) over cells."""
    rows, cols = (np.arange(0, side, CELL) for side in values.shape)
    sums = np.add.reduceat(values.astype(np.float64), rows, axis=0)  # (R, W)
    summed: npt.NDArray[np.float64] = np.add.reduceat(sums, cols, axis=1)  # (R, C)
    return summed


def _means(values: npt.NDArray[np.generic], height: int, width: int) -> Cells:
    """Return the cells of an importance map. Raises ValueError if the array is not one."""
    if values.dtype.kind not in "fiub":
        raise ValueError(f"importance must hold numbers, not {values.dtype}")
    if values.shape != (height, width):
        raise ValueError(
            f"importance must be {(height, width)} like the picture, not {values.shape}"
        )
    if np.isnan(values).any():
        raise ValueError("importance must not hold NaN")
    if values.min() < 0:
        raise ValueError(f"importance must be at least 0, not {values.min()}")
    infinite = np.isinf(values)
    if values.max(where=~infinite, initial=0) > WEIGHT_MOST:
        raise ValueError(f"importance must be at most {WEIGHT_MOST:g}, or infinite")
    exact = cell_sums(infinite) > 0 if infinite.any() else None  # (R, C)
    finite = np.where(infinite, 0, values)
    means = (cell_sums(finite) / cell_sums(np.ones_like(finite))).astype(np.float32)
    if exact is not None:
        means[exact] = 0
    return Cells(means, exact)


def _share(where: Where, pixels: Pixels) -> Share:
    """Return the share (H, W) of each pixel that is inside the region, 0..1."""
    height, width, _ = pixels.shape
    if isinstance(where, list | tuple):
        share = np.zeros((height, width), np.float32)
        share[Region.of(where).check(height, width).slices] = 1
        return share
    mask = where if isinstance(where, np.ndarray) else finders.find(where, pixels)
    if mask.shape != (height, width):
        raise ValueError(
            f"the region's mask must be {(height, width)} like the picture, not {mask.shape}"
        )
    share = shares_of(mask)
    if isinstance(where, np.ndarray) and not share.any():
        raise ValueError("the region is empty: its mask is 0 everywhere")
    return share


def _feather(share: Share, feather: int) -> Share:
    """Return the share with a ramp of about `feather` pixels around the region, cell by cell."""
    rings = -(-feather // CELL)
    if rings == 0:
        return share
    height, width = share.shape
    inside = np.pad(share, ((0, -height % CELL), (0, -width % CELL)))
    cells = inside.reshape(inside.shape[0] // CELL, CELL, -1, CELL).max(axis=(1, 3))  # (R, C)
    ramp = np.zeros_like(cells)
    for ring in range(1, min(rings, max(cells.shape)) + 1):  # beyond that all cells are equal
        cells = _dilate(cells)
        ramp = np.maximum(ramp, cells * np.float32(1 - ring / (rings + 1)))
    around = ramp.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]
    softened: Share = np.maximum(share, around)
    return softened


def _dilate(cells: Share) -> Share:
    """Return the greatest of each cell and its eight neighbours."""
    padded = np.pad(cells, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    dilated: Share = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return dilated
