"""The pictures of a folder, as every codec here is given them: (H, W, 3) uint8 sRGB."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ablc import pictures
from ablc.arrays import Pixels
from ablc.drawing import view
from ablc.errors import PictureError

SIDE_LEAST = 16  # pixels: measures need some


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that can be measured."""

    name: str  # file name without suffix; with it where two would be the same
    path: Path
    digest: str  # of the file's bytes
    height: int  # pixels
    width: int
    notes: tuple[str, ...] = ()  # what is lost before it can be coded, one sentence each

    def load(self) -> Pixels:
        """The pixels, (H, W, 3). Raises PictureError, OSError if the file is no longer there."""
        return _pixels(pictures.parse(self.path.read_bytes()))[0]


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be measured."""

    name: str  # file name
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds."""

    photos: tuple[Photo, ...]  # sorted by name
    broken: tuple[Broken, ...] = ()


def scan(
    folder: Path, *, limit: int | None = None, seen: Callable[[str], object] = lambda _: None
) -> Folder:
    """The pictures of a folder, by the names that Pillow knows; not those in folders below it.

    Every file is read once, to list those that cannot be measured with their reason: unreadable,
    larger than PIL.Image.MAX_IMAGE_PIXELS, a side under 16 pixels. Grey becomes RGB, alpha is laid
    on white, CMYK and 16 bits are converted; notes of the photo tell of what is lost on the way.

    limit: stop after so many photos. seen: called with the name of each file before it is read.
    Raises ValueError if the folder is none, or holds no picture that can be measured.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    known = Image.registered_extensions()
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in known)
    stems = [path.stem for path in paths]
    photos: list[Photo] = []
    broken: list[Broken] = []
    for path in paths:
        if len(photos) == limit:
            break
        seen(path.name)
        name = path.stem if stems.count(path.stem) == 1 else path.name
        try:
            photos.append(_photo(name, path))
        except (PictureError, OSError, ValueError) as error:
            broken.append(Broken(path.name, str(error)))
    if not photos:
        reasons = "; ".join(f"{one.name}: {one.reason}" for one in broken[:3])
        raise ValueError(f"no pictures to measure in {folder}" + (reasons and f" ({reasons})"))
    return Folder(tuple(photos), tuple(broken))


def _photo(name: str, path: Path) -> Photo:
    data = path.read_bytes()
    picture = pictures.parse(data)
    pixels, notes = _pixels(picture)
    height, width, _ = pixels.shape
    if min(height, width) < SIDE_LEAST:
        raise ValueError(f"{width}x{height} pixels: a side has to have at least {SIDE_LEAST}")
    digest = hashlib.sha256(data).hexdigest()
    return Photo(name, path, digest, height, width, (*picture.notes, *notes))


def _pixels(picture: pictures.Picture) -> tuple[Pixels, tuple[str, ...]]:
    """(H, W, 3), and what changed."""
    notes = {1: ("grey became RGB",), 3: (), 4: ("transparency was laid on white",)}
    pixels = picture.pixels
    return np.asarray(view.opaque(pixels)), notes[pixels.shape[2]]
