"""The pictures of a folder, as all codecs of an evaluation get them: (H, W, 3) uint8 sRGB."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ablc import picture_plugins, pictures
from ablc.arrays import Pixels
from ablc.drawing import view
from ablc.errors import PictureError

SIDE_LEAST = 16  # pixels: smaller pictures have too few measures


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that can be measured."""

    name: str  # file name without suffix; with its suffix where two files share a stem
    path: Path
    digest: str  # SHA-256 of the file's bytes, hexadecimal
    height: int  # pixels
    width: int
    notes: tuple[str, ...] = ()  # what is lost before encoding, one sentence each

    def load(self) -> Pixels:
        """Return the pixels, (H, W, 3).

        Raises OSError if the file can no longer be read, PictureError if it is no picture.
        """
        return _pixels(pictures.parse(self.path.read_bytes()))[0]


@dataclass(frozen=True, slots=True)
class UnusableFile:
    """A file that cannot be measured."""

    name: str  # file name
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The pictures of a folder, and the files that cannot be measured."""

    photos: tuple[Photo, ...]  # sorted by name
    broken: tuple[UnusableFile, ...] = ()


def scan(folder: Path, *, limit: int | None = None) -> Folder:
    """Return the pictures directly in a folder: files with a suffix that Pillow knows.

    Every file is read once. Those that cannot be measured are listed with the reason: unreadable,
    larger than PIL.Image.MAX_IMAGE_PIXELS, or a side under 16 pixels. Grey becomes RGB, alpha is
    composed over white, CMYK and 16 bits are converted; the notes of a photo name these losses.

    limit: stop after this number of photos.
    Raises ValueError if there is no such folder, or no picture in it that can be measured.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    picture_plugins.load()
    suffixes = Image.registered_extensions()
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    stems = [path.stem for path in paths]
    photos: list[Photo] = []
    broken: list[UnusableFile] = []
    for path in paths:
        if len(photos) == limit:
            break
        name = path.stem if stems.count(path.stem) == 1 else path.name
        try:
            photos.append(_photo(name, path))
        except (PictureError, OSError, ValueError) as error:
            broken.append(UnusableFile(path.name, str(error)))
    if not photos:
        reasons = "; ".join(f"{file.name}: {file.reason}" for file in broken[:3])
        raise ValueError(f"no pictures to measure in {folder}" + (reasons and f" ({reasons})"))
    return Folder(tuple(photos), tuple(broken))


def _photo(name: str, path: Path) -> Photo:
    if not (path.is_file() or path.is_dir()):
        raise ValueError("not a regular file")  # reading a pipe may never end
    data = path.read_bytes()
    picture = pictures.parse(data)
    pixels, notes = _pixels(picture)
    height, width, _ = pixels.shape
    if min(height, width) < SIDE_LEAST:
        raise ValueError(f"{width}x{height} pixels: both sides must be at least {SIDE_LEAST}")
    digest = hashlib.sha256(data).hexdigest()
    return Photo(name, path, digest, height, width, (*picture.notes, *notes))


def _pixels(picture: pictures.Picture) -> tuple[Pixels, tuple[str, ...]]:
    """Return a picture as (H, W, 3), and a note for each change."""
    notes = {1: ("grey became RGB",), 3: (), 4: ("transparency was composed over white",)}
    pixels = picture.pixels
    return np.asarray(view.opaque(pixels)), notes[pixels.shape[2]]
