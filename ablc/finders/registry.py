"""Finders by name: those built in, and those that packages register."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ablc.arrays import Pixels
from ablc.errors import FinderError
from ablc.finders.cascades import faces
from ablc.finders.combined import auto
from ablc.finders.contrast import saliency
from ablc.finders.lettering import text

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Finder: TypeAlias = Callable[[Pixels], npt.NDArray[np.generic]]

GROUP = "ablc.finders"


BUILT_IN: dict[str, Finder] = {"auto": auto, "faces": faces, "saliency": saliency, "text": text}


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
    except FinderError:
        raise
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
