"""What codecs are made of: Pillow's writers and readers, and libraries that may be missing."""

import importlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL
from PIL import Image, features

from ablc.arrays import Pixels
from ablc.peers.codec import Codec, MissingCodecError

PILLOW = "pillow>=11.3"  # the first with AVIF


def pillow_codec(format_name: str, qualities: tuple[float, ...], **options: Any) -> Codec:
    """Return a codec of Pillow's writer of a format, with options, and of Pillow's reader."""
    settings = ", ".join(f"{name} {value}" for name, value in options.items())
    library = f"Pillow {PIL.__version__}"
    encode = pillow_encode(format_name, **options)
    return Codec(format_name, settings, library, encode, pillow_decode, qualities)


def pillow_encode(format_name: str, **options: Any) -> Callable[..., bytes]:
    """Return an encoder that passes quality to Pillow's writer unchanged, unless it is lossless."""

    def encode(picture: Pixels, quality: float | None = None) -> bytes:
        lossy = {} if quality is None or options.get("lossless") else {"quality": quality}
        file = io.BytesIO()
        Image.fromarray(picture).save(file, format_name, **lossy, **options)
        return file.getvalue()

    return encode


def pillow_decode(data: bytes) -> Pixels:
    """Return a picture that Pillow reads, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def pillow_version(feature: str, of: str | None = None) -> str:
    """Return the version of a library inside Pillow. Raises MissingCodecError without it."""
    if not features.check(feature):
        raise MissingCodecError(f"this Pillow has no {feature}: pip install '{PILLOW}'")
    return str(features.version(of or feature) or features.version(feature))


def imported(module: str, package: str) -> Any:
    """Return a module, imported. Raises MissingCodecError, naming the package, if that fails."""
    try:
        return importlib.import_module(module)
    except ImportError as error:  # the module, or a library that it loads, is missing
        raise MissingCodecError(f"pip install {package}") from error
