"""Finders: what looks at a picture and says where its interesting part is.

A finder gets the pixels, (H, W, C) uint8, and returns an (H, W) mask: bool, uint8 0..255 or floats
0..1. Packages add their own (faces, text, products) under a name through an entry point:

    [project.entry-points."ablc.finders"]
    faces = "my_package:find_faces"
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ablc.errors import FinderError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Finder: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.generic]]

GROUP = "ablc.finders"
SCALE = 64  # side of the picture in which saliency is sought
SMOOTH = 2.8  # sigma of the saliency map, pixels of that picture
WHOLLY, AT_ALL = 0.90, 0.75  # shares of the pixels below the inner and the outer limit


def saliency(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(H, W) 0..1: what stands out of the picture, about a sixth of it.

    Spectral residual, Hou and Zhang, CVPR 2007: what a smoothed log spectrum does not foretell.
    """
    from PIL import Image  # late: coding needs no Pillow

    height, width, _ = pixels.shape
    grey = Image.fromarray(pixels[:, :, :3].mean(axis=2).astype(np.uint8))
    small = np.asarray(grey.resize((SCALE, SCALE), Image.Resampling.BOX), np.float64)
    spectrum = np.fft.fft2(small - small.mean())
    amplitude = np.log(np.abs(spectrum) + 1e-9)
    around = sum(np.roll(amplitude, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
    residual = np.exp(amplitude - around + 1j * np.angle(spectrum))
    salient = _blur(np.abs(np.fft.ifft2(residual)) ** 2, SMOOTH)
    outer, inner = np.quantile(salient, (AT_ALL, WHOLLY))
    share = np.clip((salient - outer) / max(inner - outer, 1e-12), 0, 1).astype(np.float32)
    enlarged = Image.fromarray(share).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(enlarged, np.float32), 0, 1)


BUILT_IN: dict[str, Finder] = {"auto": saliency, "saliency": saliency}


def names() -> list[str]:
    """Names of all finders there are."""
    return sorted({*BUILT_IN, *(point.name for point in _plugins())})


def find(finder: str | Finder, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.generic]:
    """(H, W) mask of a finder or of the one with that name.

    Raises ValueError if no finder has the name, FinderError if it cannot be loaded or fails.
    """
    if not isinstance(finder, str):
        return call(finder, pixels)
    if finder in BUILT_IN:
        return call(BUILT_IN[finder], pixels)
    for point in _plugins():
        if point.name == finder:
            return call(_load(point), pixels, f"{finder} ({point.value})")
    raise ValueError(f"no finder is called {finder!r}; there are {', '.join(names())}")


def call(
    finder: Finder, pixels: npt.NDArray[np.uint8], name: str | None = None
) -> npt.NDArray[np.generic]:
    """What a finder returns. Raises FinderError, naming it, if it raises."""
    view = pixels.view()
    view.flags.writeable = False  # the picture is still to be coded
    try:
        return np.asarray(finder(view))
    except Exception as error:  # whatever foreign code may raise
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
    from importlib.metadata import entry_points  # late: its import takes longer than ours

    return list(entry_points(group=GROUP))


def _blur(values: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    """Gaussian smoothing, borders mirrored."""
    reach = int(3 * sigma + 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        sides = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(values, sides, "reflect")
        values = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return values
