"""HEVC intra with regions: x265 by ffmpeg's addroi, the strongest other codec with regions.

The quantiser is lowered by a number of QP in the cells of 16x16 pixels that touch the mask. Raw
stream, parameters' message off, 4:2:0. Needs an ffmpeg with libx265, on the path or from the
package imageio-ffmpeg.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess

import numpy as np
from PIL import Image
from regions import Mask

from ablc.arrays import Pixels
from ablc.peers.codec import Codec

CELL = 16  # pixels
QUALITIES = (50, 46, 42, 38, 34, 30, 26, 22)  # crf
PARAMETERS = "keyint=1:info=0:aq-mode=1:log-level=none:pools=none:frame-threads=1"


@functools.cache
def ffmpeg() -> str | None:
    """Return the path of an ffmpeg with libx265, or None."""
    candidates = [shutil.which("ffmpeg")]
    if importlib.util.find_spec("imageio_ffmpeg"):
        import imageio_ffmpeg  # late: optional

        candidates.append(imageio_ffmpeg.get_ffmpeg_exe())
    return next(
        (path for path in candidates if path and b"libx265" in run(path, "-encoders")), None
    )


def codec(lowered: int, mask: Mask | None = None) -> Codec:
    """Return x265 with the quantiser lowered inside the mask, in QP. Needs ffmpeg()."""
    version = run(path(), "-version").split()[2].decode()
    return Codec(
        f"HEVC -{lowered} QP",
        f"x265 intra, preset medium, 4:2:0, addroi {lowered} QP, quality = crf",
        f"ffmpeg {version}",
        functools.partial(encode, lowered=lowered, mask=mask),
        decode,
        QUALITIES,
    )


def encode(picture: Pixels, crf: float, *, lowered: int, mask: Mask) -> bytes:
    height, width = picture.shape[:2]
    luma, *chroma = Image.fromarray(picture).convert("YCbCr").split()
    half = (width // 2, height // 2)
    planes = [luma, *(plane.resize(half, Image.Resampling.BOX) for plane in chroma)]
    regions = ",".join(
        f"addroi=x={x}:y={y}:w={w}:h={h}:qoffset=-{lowered}/51" for x, y, w, h in rectangles(mask)
    )
    source = f"-f rawvideo -pix_fmt yuv420p -s {width}x{height} -r 1 -i - -frames:v 1".split()
    coder = f"-c:v libx265 -crf {crf:g} -preset medium -x265-params {PARAMETERS}".split()
    raw = b"".join(plane.tobytes() for plane in planes)
    return run(path(), *source, "-vf", regions, *coder, "-f", "hevc", "-", given=raw)


def decode(data: bytes) -> Pixels:
    source, target = "-threads 1 -f hevc -i - -frames:v 1", "-pix_fmt yuv420p -f yuv4mpegpipe -"
    head, _, rest = run(path(), *source.split(), *target.split(), given=data).partition(b"\n")
    width, height = (next(int(f[1:]) for f in head.split()[1:] if f[:1] == k) for k in (b"W", b"H"))
    planes = rest.partition(b"\n")[2]  # after the word FRAME
    area = width * height
    luma = Image.frombytes("L", (width, height), planes[:area])
    chroma = [
        Image.frombytes("L", (width // 2, height // 2), planes[start : start + area // 4]).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        for start in (area, area + area // 4)
    ]
    return np.asarray(Image.merge("YCbCr", [luma, *chroma]).convert("RGB"))


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


def path() -> str:
    program = ffmpeg()
    if program is None:
        raise SystemExit("found no ffmpeg with libx265")
    return program


def run(program: str, *arguments: str, given: bytes = b"") -> bytes:
    command = [program, "-hide_banner", "-v", "error", *arguments]
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout
