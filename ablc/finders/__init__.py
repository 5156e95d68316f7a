"""Finders: functions that find the regions of interest of a picture.

A finder takes pixels, (H, W, C) uint8, and returns an (H, W) mask: bool, uint8 0..255 or floats
0..1. A mask that is 0 everywhere says that the picture has no such region. Built in are `faces`,
`text`, `saliency`, and `auto`, which combines them. Packages register their own under a name with
an entry point:

    [project.entry-points."ablc.finders"]
    products = "my_package:find_products"
"""

from ablc.finders.cascades import faces
from ablc.finders.combined import auto
from ablc.finders.contrast import saliency
from ablc.finders.lettering import text
from ablc.finders.registry import GROUP, Finder, call, find, names

__all__ = ["GROUP", "Finder", "auto", "call", "faces", "find", "names", "saliency", "text"]
