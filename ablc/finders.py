"""Finders: functions that find the regions of interest of a picture.

A finder takes pixels, (H, W, C) uint8, and returns an (H, W) mask: bool, uint8 0..255 or floats
0..1. Packages register their own (faces, text, products) under a name with an entry point:

    [project.entry-points."ablc.finders"]
    faces = "my_package:find_faces"
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ablc.arrays import Floats, Pixels
from ablc.errors import FinderError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Finder: TypeAlias = Callable[[Pixels], npt.NDArray[np.generic]]

GROUP = "ablc.finders"
SCALE = 64  # side of the reduced picture for saliency, pixels
SMOOTH = 2.8  # sigma of the smoothing of the saliency map, pixels of the reduced picture
INNER, OUTER = 0.90, 0.75  # quantiles of the saliency from which a pixel is 1, up to which 0


def saliency(pixels: Pixels) -> Floats:
    """Return a mask (H, W), 0..1, of the salient part of a picture, about a sixth of it.

    Spectral residual, Hou and Zhang, CVPR 2007: the difference between the log spectrum and its
    local mean, transformed back.
    """
    from PIL import Image  # late: encoding does not need Pillow

    height, width, _ = pixels.shape
    grey = Image.fromarray(pixels[:, :, :3].mean(axis=2).astype(np.uint8))
    small = np.asarray(grey.resize((SCALE, SCALE), Image.Resampling.BOX), np.float64)
    spectrum = np.fft.fft2(small - small.mean())
    amplitude = np.log(np.abs(spectrum) + 1e-9)
    around = sum(np.roll(amplitude, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
    residual = np.exp(amplitude - around + 1j * np.angle(spectrum))
    salient = _blur(np.abs(np.fft.ifft2(residual)) ** 2, SMOOTH)
    outer, inner = np.quantile(salient, (OUTER, INNER))
    share = np.clip((salient - outer) / max(inner - outer, 1e-12), 0, 1).astype(np.float32)
    enlarged = Image.fromarray(share).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(enlarged, np.float32), 0, 1)


BUILT_IN: dict[str, Finder] = {"auto": saliency, "saliency": saliency}


def names() -> list[str]:
    """Return the names of all finders, built-in and registered, sorted."""
    return sorted({*BUILT_IN, *(point.name for point in _plugins())})


def find(finder: str | Finder, pixels: Pixels) -> npt.NDArray[np.generic]:
    """Return the mask (H, W) of a finder, given as a callable or by name.

    Raises ValueError if no finder has that name, FinderError if it cannot be loaded or fails.
    """
    if not isinstance(finder, str):
        return call(finder, pixels)
    if finder in BUILT_IN:
        return call(BUILT_IN[finder], pixels)
    for point in _plugins():
        if point.name == finder:
            return call(_load(point), pixels, f"{finder} ({point.value})")
    raise ValueError(f"no finder is called {finder!r}: expected one of {', '.join(names())}")


def call(finder: Finder, pixels: Pixels, name: str | None = None) -> npt.NDArray[np.generic]:
    """Return the mask of a finder. Raises FinderError, which names the finder, if it raises."""
    view = pixels.view()
    view.flags.writeable = False  # a finder must not change the picture
    try:
        return np.asarray(finder(view))
    except Exception as error:  # a plug-in may raise anything
        named = name or getattr(finder, "__qualname__", repr(finder))
        raise FinderError(f"the finder {named} failed: {type(error).__name__}: {error}") from error


def _load(point: "EntryPoint") -> Finder:
    try:
        loaded: Finder = point.load()
    except Exception as error:
        raise FinderError(
            f"the finder {point.name} ({point.value}) cannot be loaded: {error}"
        ) from error
    return loaded


def _plugins() -> "list[EntryPoint]":
    from importlib.metadata import (
        entry_points,  # late: importing it takes longer than importing ablc
    )

    return list(entry_points(group=GROUP))


def _blur(values: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    """Return values smoothed by a Gaussian, with mirrored borders."""
    reach = int(3 * sigma + 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        sides = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(values, sides, "reflect")
        values = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return values
