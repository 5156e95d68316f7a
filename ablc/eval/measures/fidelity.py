"""PSNR and SSIM of a picture and of a region in it, in strips.

Memory depends on the width of a picture, not on its height.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ablc.arrays import Flags, Pixels
from ablc.metrics import WINDOW, ssim_map

STRIP = 1 << 19  # pixels of a strip, about


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Measures as ablc.metrics defines them; PSNR is None where nothing differs."""

    psnr: float | None  # dB
    ssim: float | None  # None where a side is under 11 pixels
    inside: float | None  # PSNR of the region; None without a region
    outside: float | None  # PSNR of the rest; None without a region


def fidelity(original: Pixels, decoded: Pixels, inside: Flags | None = None) -> Fidelity:
    """Return the measures of two (H, W, 3) pictures of the same size.

    inside: (H, W), the region; None: there is none.
    """
    errors, counts = np.zeros(2), np.zeros(2)  # outside, inside: squared errors and samples
    similarity, places = 0.0, 0
    for rows in _strips(*original.shape[:2]):
        a, b = original[rows], decoded[rows]
        squares = np.square(a.astype(np.int32) - b).sum(axis=2)  # (h, W)
        flags = np.zeros(squares.shape, np.bool_) if inside is None else inside[rows]
        errors += np.bincount(flags.ravel(), squares.ravel(), minlength=2)
        counts += 3 * np.bincount(flags.ravel(), minlength=2)
        wide = slice(rows.start, rows.stop + WINDOW.size - 1)  # windows reach into the next strip
        if min(original[wide].shape[:2]) >= WINDOW.size:
            similarities = ssim_map(original[wide], decoded[wide])
            similarity, places = similarity + similarities.sum(), places + similarities.size
    outside, within = (_psnr(error, count) for error, count in zip(errors, counts, strict=True))
    region = inside is not None
    return Fidelity(
        _psnr(errors.sum(), counts.sum()),
        float(similarity) / places if places else None,
        within if region else None,
        outside if region else None,
    )


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(STRIP // width, 1)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def _psnr(error: float, count: float) -> float | None:
    return 10 * math.log10(255**2 * count / error) if error > 0 else None
