"""Photographs, quantisation steps and the instrumented codec that train the format's tables."""

import argparse
import importlib.util
import os
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from ablc.arrays import Pixels

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SMALLEST_PICTURE = 128  # pixels to a side, so that each view has whole windows of 5x5 cells
BANDS = ((90, 270), (270, 480), (480, 860), (860, 1530), (1530, 4200))  # steps in 1/16 grey level


def pictures(sources: Sequence[Path]) -> Iterator[Pixels]:
    """Yield the (H, W, 3) BGR pictures of folders and tar files, by name, source by source.

    Raises ValueError for a file that is not a picture, or is smaller than SMALLEST_PICTURE.
    """
    for source in sources:
        if source.is_dir():
            paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
            yield from (_read_picture(path.read_bytes()) for path in paths)
        else:
            with tarfile.open(source) as tar:
                members = sorted(
                    (m for m in tar if m.isfile() and m.name.lower().endswith(SUFFIXES)),
                    key=lambda m: m.name,
                )
                for member in members:
                    stream = tar.extractfile(member)
                    if stream is not None:
                        yield _read_picture(stream.read())


def _read_picture(encoded: bytes) -> Pixels:
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"not a picture: {encoded[:16]!r}...")
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST_PICTURE:
        raise ValueError(
            f"a picture has {width}x{height} pixels, expected at least {SMALLEST_PICTURE} to a side"
        )
    return np.asarray(picture, np.uint8)


def load_core(folder: Path) -> ModuleType:
    """Return the extension in a build folder, or the extension at a path itself.

    It has to be built with ABLC_STATISTICS. Raises ValueError if there is none.
    """
    path = folder if folder.is_file() else next(iter(sorted(folder.glob("_core*.so"))), None)
    if path is None:
        raise ValueError(f"no extension _core*.so in {folder}")
    spec = importlib.util.spec_from_file_location("_core", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"not an extension: {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def steps(rng: np.random.Generator) -> list[int]:
    """Return one random step of every band, in 1/16 grey level."""
    return [int(np.exp(rng.uniform(np.log(low), np.log(high)))) for low, high in BANDS]


def smaller(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the picture slightly downscaled, which hides its own compression."""
    scale = rng.uniform(0.55, 1.0)
    size = (int(picture.shape[1] * scale), int(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small, dtype=np.uint8)


def add_arguments(parser: argparse.ArgumentParser, out: Path) -> None:
    """Add the options of the trainers that run the codec."""
    parser.add_argument("--core", type=Path, required=True, help="folder of the extension's build")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or tar files")
    parser.add_argument("--out", type=Path, default=out, help=f"file to write (default: {out})")
    parser.add_argument("--limit", type=int, default=0, help="number of pictures (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="number of processes")


def load_pictures(sources: Sequence[Path], limit: int) -> list[Pixels]:
    """Return pictures, (H, W, 3) RGB, in a fixed random order; limit: how many, 0: all."""
    unsorted = list(pictures(sources))
    order = np.random.default_rng(0).permutation(len(unsorted))[: limit or None]
    return [np.asarray(cv2.cvtColor(unsorted[i], cv2.COLOR_BGR2RGB), np.uint8) for i in order]
