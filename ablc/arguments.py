"""Arguments of callers in the forms of the codec: bytes of streams and metadata, pictures."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np

from ablc.arrays import Pixels, makes_array
from ablc.settings import SIDE_MAX

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from PIL import Image
    from typing_extensions import Buffer

    from ablc.pictures import Picture

Data: TypeAlias = Union[bytes, "Buffer"]  # a stream, or metadata
PictureLike: TypeAlias = Union[Pixels, "ArrayLike", "Image.Image", str, "os.PathLike[str]"]

EXIF_PREFIX = b"Exif\0\0"  # of JPEG files; Pillow expects it for every format


def stream_of(data: object) -> bytes | memoryview:
    """Return the bytes of a stream, one after the other.

    data: bytes, or whatever lends its memory as such: bytearray, memoryview, mmap, numpy arrays.
        Memory that can be written is copied, because the decoder checks it once and reads it later.

    Raises TypeError for anything else.
    """
    if type(data) is bytes:
        return data
    view = _view_of(data)
    if view is None:
        hint = ": read the file first" if isinstance(data, str | os.PathLike) else ""
        raise TypeError(f"a stream must be bytes or a buffer of them, not {_kind(data)}{hint}")
    if not (view.readonly and view.c_contiguous):
        return view.tobytes()
    return view.cast("B") if view.nbytes else b""


def metadata_of(name: str, value: object) -> bytes:
    """Return metadata as bytes, EXIF without the prefix of JPEG files; None means none.

    value: bytes or a buffer of them; for XMP also a str; for EXIF also a PIL.Image.Exif.

    Raises TypeError, which names the argument, for anything else.
    """
    if value is None:
        return b""
    if name == "xmp" and isinstance(value, str):
        return value.encode()
    if name == "exif" and (pack := _exif_packer(value)) is not None:
        value = pack()
    view = _view_of(value)
    if view is None:
        raise TypeError(f"{name} must be bytes or None, not {_kind(value)}")
    packed = view.tobytes()
    return packed.removeprefix(EXIF_PREFIX) if name == "exif" else packed


def picture_of(image: object) -> "Picture | None":
    """Return the picture in a file, or of Pillow; None for anything else.

    A picture of Pillow has its profile only, as when Pillow saves it; a file all of its metadata.

    Raises OSError and PictureError if the file cannot be read.
    """
    if isinstance(image, str | os.PathLike):
        from ablc import pictures  # late: encoding arrays does not need Pillow

        return pictures.parse(Path(image).read_bytes())
    if (pillow := sys.modules.get("PIL.Image")) and isinstance(image, pillow.Image):
        from ablc import pictures

        return pictures.of_image(image)
    return None


def check_image(image: object) -> Pixels:
    """Return the image as contiguous (H, W, C) uint8. Raises ValueError if it is not a picture."""
    array = _array_of(image)
    if array is None:
        raise ValueError(
            "image must be a numpy array, an object with __array__, a Pillow image or the path of "
            f"a picture, not {_kind(image)}"
        )
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise ValueError(f"image must be (H, W, C) uint8, not {array.shape} {array.dtype}")
    pixels = array[:, :, np.newaxis] if array.ndim == 2 else array
    height, width, channels = pixels.shape
    if channels not in (1, 3, 4):
        raise ValueError(f"image must have 1, 3 or 4 channels, not {channels}")
    if not (1 <= height <= SIDE_MAX and 1 <= width <= SIDE_MAX):
        raise ValueError(f"image must be 1..{SIDE_MAX} pixels high and wide, not {height}x{width}")
    return np.ascontiguousarray(pixels)


def _array_of(image: object) -> Any:
    """Return the array that an object is or makes; None if it is no array of samples."""
    if isinstance(image, np.ndarray):
        return np.asarray(image)  # no subclass, such as a matrix, which has its own indices
    if makes_array(image):
        try:
            return np.asarray(image)
        except Exception as error:  # whatever the object raises, such as for memory of a GPU
            raise ValueError(f"image, {_kind(image)}, makes no array: {error}") from error
    if isinstance(image, memoryview):
        return np.asarray(image)
    return None


def _view_of(data: object) -> memoryview | None:
    """Return a view of an object's memory; None if it lends none."""
    try:
        return memoryview(data)  # type: ignore[arg-type]
    except TypeError:
        return None


def _exif_packer(value: object) -> Any:
    """Return the function that packs a PIL.Image.Exif; None for anything else."""
    pillow = sys.modules.get("PIL.Image")
    return value.tobytes if pillow and isinstance(value, pillow.Exif) else None


def _kind(value: object) -> str:
    """Return what a value is, without its contents, which may be long."""
    return type(value).__name__
