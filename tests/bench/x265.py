"""HEVC intra with regions: x265 by ffmpeg's addroi, the strongest other codec with regions.

The quantiser is lowered by a number of QP in the cells of 16x16 pixels that touch the mask. Raw
stream, charged for a container as in ablc/peers/ffmpeg.py, parameters' message off, 4:2:0. Needs
an ffmpeg with libx265, on the path or from the package imageio-ffmpeg.
"""

from __future__ import annotations

import functools

import numpy as np
from regions import Mask

from ablc.arrays import Pixels
from ablc.peers import ffmpeg
from ablc.peers.codec import Codec, MissingCodecError
from ablc.peers.video import CHARGED, HEVC, X265_ALONE

CELL = 16  # pixels
ENCODER = "libx265"
QUALITIES = (51, 48, 45, 42, 38, 34, 30, 26, 22)  # crf
CODER = f"-c:v {ENCODER} -crf {{:g}} -preset medium -x265-params {X265_ALONE}:aq-mode=1"


def missing() -> str | None:
    """Return why HEVC cannot run here; None if it can."""
    try:
        ffmpeg.program(ENCODER)
    except MissingCodecError as error:
        return str(error)
    return None


def name_of(lowered: int) -> str:
    """Return the name of codec(lowered)."""
    return f"HEVC -{lowered} QP"


def codec(lowered: int, mask: Mask | None = None) -> Codec:
    """Return x265 with the quantiser lowered inside the mask, in QP. Not if it is missing()."""
    path = ffmpeg.program(ENCODER)
    return Codec(
        name_of(lowered),
        f"x265 intra, preset medium, 4:2:0, addroi {lowered} QP, quality = crf, {CHARGED}",
        f"ffmpeg {ffmpeg.version(path)}",
        functools.partial(encode, lowered=lowered, mask=mask),
        functools.partial(ffmpeg.decode, path, HEVC),
        QUALITIES,
    )


def encode(picture: Pixels, crf: float, *, lowered: int, mask: Mask) -> bytes:
    regions = ",".join(
        f"addroi=x={x}:y={y}:w={w}:h={h}:qoffset=-{lowered}/51" for x, y, w, h in rectangles(mask)
    )
    path = ffmpeg.program(ENCODER)
    return ffmpeg.encode(path, picture, HEVC, CODER.format(crf), filters=regions)


def rectangles(mask: Mask) -> list[tuple[int, int, int, int]]:
    """Return x, y, width, height of areas that cover the cells that touch the mask."""
    height = mask.shape[0]
    open_runs: dict[tuple[int, int], int] = {}  # (left, right) -> top, of runs that may grow
    areas = []
    for top in range(0, height + CELL, CELL):
        runs = cell_runs(mask[top : top + CELL]) if top < height else []
        for left, right in [run for run in open_runs if run not in runs]:
            start = open_runs.pop((left, right))
            areas.append((left, start, right - left, min(top, height) - start))
        for run in runs:
            open_runs.setdefault(run, top)
    return areas


def cell_runs(rows: Mask) -> list[tuple[int, int]]:
    """Return (left, right), in pixels, of runs of cells in a row that touch the mask."""
    width = rows.shape[1]
    touched = [bool(rows[:, left : left + CELL].any()) for left in range(0, width, CELL)]
    edges = np.flatnonzero(np.diff([0, *touched, 0])) * CELL
    return [(int(a), min(int(b), width)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
