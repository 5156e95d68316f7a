"""Masks of regions: what the numbers of an array mean.

| numbers | meaning |
|---|---|
| bool; integers of which all are 0 or 1, or 0 or the greatest of their type or 255 | flags |
| floats in 0..1 | shares of each pixel that are inside |
| uint8 that reach 255 | shares in 255ths, such as a soft brush paints |
| other integers from 0 on, such as of a map of labels | any label but 0 is inside |

Some uint8 masks could be shares or labels; they are refused, since the wrong guess would go unseen.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ablc.arrays import Flags, Floats

Share: TypeAlias = Floats  # (H, W), 0 outside a region .. 1 inside

WHITE = 255  # of uint8 shares
LABEL_MOST = 127  # greatest number that is taken for a label in uint8 masks
LABELS_MOST = 64  # numbers of labels that one uint8 mask holds, at most
VOID_BELOW = 48  # labels below this beside 255 may be a map of labels in which 255 is "void"
HOW = "give `mask > 0` for every pixel that is not 0, or `mask / 255.0` for shares"


def shares_of(mask: npt.NDArray[np.generic]) -> Share:
    """Return the share (H, W), 0..1, of each pixel that is inside a region.

    mask: (H, W) bool, integers or floats, as the module says.

    Raises ValueError if the numbers are not those of a mask, or could mean two things.
    """
    kind = mask.dtype.kind
    if kind == "b":
        return mask.astype(np.float32)
    if kind == "f":
        if not (np.isfinite(mask).all() and mask.min() >= 0 and mask.max() <= 1):
            raise ValueError(
                f"a region's mask of floats must lie in 0..1, not {mask.min()}..{mask.max()}"
            )
        return mask.astype(np.float32)
    if kind not in "iu":
        raise ValueError(f"a region's mask must be bool, integers or floats, not {mask.dtype}")
    if mask.min() < 0:
        raise ValueError(f"a region's mask must be at least 0, not {mask.min()}")
    if mask.dtype == np.uint8 and _is_soft(mask.astype(np.uint8, copy=False)):
        shares: Share = mask.astype(np.float32) / np.float32(WHITE)
        return shares
    if mask.dtype != np.uint8:
        _check_labels(mask)
    inside: Flags = mask != 0
    return inside.astype(np.float32)


def flags_of(mask: npt.NDArray[np.generic]) -> Flags | None:
    """Return a mask of cells as bool; None if it does not hold only two numbers, 0 and 1 or 255."""
    if mask.dtype.kind == "b":
        return mask.astype(np.bool_, copy=False)
    if mask.dtype.kind in "iu" and (
        ((mask == 0) | (mask == 1)).all() or ((mask == 0) | (mask == WHITE)).all()
    ):
        flags: Flags = mask != 0
        return flags
    return None


def _is_soft(mask: npt.NDArray[np.uint8]) -> bool:
    """Return True if a mask holds shares in 255ths, False if flags or labels.

    Raises ValueError if it could be either.
    """
    counts = np.bincount(mask.ravel(), minlength=256)[1:]  # of 1..255
    numbers = np.flatnonzero(counts) + 1
    if len(numbers) == 0 or set(numbers) == {1} or set(numbers) == {WHITE}:
        return False
    between = numbers[numbers < WHITE]
    if numbers[-1] == WHITE:
        if between[-1] >= VOID_BELOW or not _is_flat(mask, numbers):
            return True
        raise ValueError(
            f"a region's mask holds 255 and {_list(between)}: shares, or labels beside a border of "
            f"255? {HOW}"
        )
    if numbers[-1] <= LABEL_MOST and len(numbers) <= LABELS_MOST:
        return False
    if len(numbers) > LABELS_MOST and not _is_flat(mask, numbers):
        return True
    raise ValueError(f"a region's mask holds {_list(numbers)}: shares, or labels? {HOW}")


def _is_flat(mask: npt.NDArray[np.uint8], numbers: npt.NDArray[np.intp]) -> bool:
    """Return True if most pixels of a number between 0 and 255 equal the next, as labels do."""
    between = (mask > 0) & (mask < WHITE)
    across = between[:, :-1] & (mask[:, :-1] == mask[:, 1:])
    down = between[:-1] & (mask[:-1] == mask[1:])
    return int(across.sum()) + int(down.sum()) > int(between.sum())


def _check_labels(mask: npt.NDArray[Any]) -> None:
    """Raise ValueError if a mask of other integers than uint8 may hold shares."""
    top = int(mask.max())
    if top not in (WHITE, np.iinfo(mask.dtype).max, 65535):
        return
    if not ((mask == 0) | (mask == top)).all():
        raise ValueError(
            f"a region's mask of {mask.dtype} reaches {top}: shares, or labels? Give `mask > 0` "
            f"for every pixel that is not 0, or `mask / {top}.0` for shares"
        )


def _list(numbers: npt.NDArray[np.intp]) -> str:
    """Return the first of some numbers, in words."""
    if len(numbers) <= 4:
        return ", ".join(map(str, numbers))
    return f"{len(numbers)} numbers from {numbers[0]} to {numbers[-1]}"
