"""Options of Image.save: the names of ablc, and those that users of other formats know.

Pillow's savers of JPEG, WebP, AVIF and PNG have names of their own for some settings; these are
taken. Names that only tune another coder, and entries of Image.info, which programs pass on as they
are, change nothing. Any other name is a TypeError.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ablc.options import check_whole
from ablc.settings import EncodeSettings

SETTINGS = tuple(setting.name for setting in fields(EncodeSettings))
OWN = (*SETTINGS, "mask", "importance", "roi", "icc_profile", "exif", "xmp", "dpi")

METHODS = 1, 3, 4, 4, 5, 7, 9  # effort for WebP's method 0..6, of which 4 is the default
SUBSAMPLINGS: dict[object, str] = {
    0: "4:4:4", 2: "4:2:0", -1: "auto", None: "auto", "keep": "auto", "4:1:1": "4:2:0"
}  # fmt: skip
FULL_CHROMA = 1, "4:2:2"  # half the width of the chroma alone, which ablc lacks

OTHER_CODERS = """
    optimize progressive smooth streamtype restart_marker_blocks restart_marker_rows keep_rgb bits
    compress_level compress_type alpha_quality use_sharp_yuv minimize_size kmin kmax allow_mixed
    codec range tile_rows tile_cols autotiling advanced alpha_premultiplied interlace save_all"""
INFO = """
    jfif jfif_version jfif_unit jfif_density adobe adobe_transform progression mp mpoffset photoshop
    gamma srgb chromaticity aspect version background transparency duration loop timestamp extension
    compression resolution bbox is_animated"""
IGNORED = frozenset((OTHER_CODERS + INFO).split())
LOST = "comment", "append_images", "qtables", "tiffinfo", "pnginfo"


def encoder_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of Image.save by the names of OWN.

    Warns of what is lost. Raises TypeError, which names it, for an unknown option.
    """
    chosen = {name: value for name, value in given.items() if name in OWN}
    if "subsampling" in chosen:
        chosen["subsampling"] = _subsampling(chosen["subsampling"])
    for name, value in given.items():
        if name in OWN or name in IGNORED:
            continue
        if name in SYNONYMS:
            own, convert = SYNONYMS[name]
            if own in given:
                raise TypeError(f"{name} and {own} exclude each other: give one of them")
            chosen[own] = convert(name, value)
        elif name in LOST:
            if value is not None:
                warnings.warn(f"{name} is not stored in .ablc files", UserWarning, stacklevel=4)
        else:
            raise TypeError(_unknown(name))
    return chosen


def _subsampling(value: object) -> object:
    """Return the name of a subsampling, given by name or by JPEG's number."""
    if value in FULL_CHROMA:
        warnings.warn("subsampling 4:2:2 is saved as 4:4:4", UserWarning, stacklevel=5)
        return "4:4:4"
    return SUBSAMPLINGS.get(value, value) if isinstance(value, int | str | None) else value


def _same(name: str, value: object) -> object:
    return value


def _method(name: str, value: object) -> int:
    """Return the effort for WebP's method 0..6. Raises ValueError for another."""
    return METHODS[check_whole(name, value, 0, len(METHODS) - 1)]


def _speed(name: str, value: object) -> int:
    """Return the effort for AVIF's speed 0..10, 10 the fastest. Raises ValueError for another."""
    return max(9 - check_whole(name, value, 0, 10), 1)


SYNONYMS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "method": ("effort", _method),
    "speed": ("effort", _speed),
    "exact": ("keep_invisible", _same),
    "max_threads": ("threads", _same),
}


def _unknown(name: str) -> str:
    """Return what to say of an unknown option."""
    import difflib  # late: only for errors

    known = sorted({*OWN, *SYNONYMS})
    near = difflib.get_close_matches(name, known, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"expected one of {', '.join(known)}"
    return f"saving as .ablc takes no option {name!r}: {hint}"
