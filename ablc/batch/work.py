"""The conversions of a batch: pictures are encoded, or streams decoded."""

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath
from typing import Annotated, Any, Protocol

from PIL import Image

from ablc import inspection, picture_plugins, pictures
from ablc.decoder import Decoder
from ablc.encoder import Encoder
from ablc.errors import PaintWarning
from ablc.importance import Roi
from ablc.inspection import Metadata
from ablc.options import check_options
from ablc.settings import MAX_PIXELS, STRIP, DecodeSettings, EncodeSettings

STREAM = ".ablc"  # extension of streams
PICTURE = ".png"
FREE = "threads", "max_pixels"  # settings that do not change the results
LATER = "keep_invisible", "paint", "strength"  # settings that the first manifests did not know

Converted = tuple[bytes, tuple[str, ...]]  # a file; changes made on the way, one sentence each
Convert = Callable[[bytes], Converted]


class Work(Protocol):
    """A conversion with its settings, which are checked. It may be pickled."""

    @property
    def suffix(self) -> str:
        """Extension of the files that are written, such as ".ablc"."""

    def takes(self, name: str) -> bool:
        """Return True if a file of that name is to be converted."""

    def key(self) -> str:
        """Return a text that changes when a setting changes that may affect the results."""

    def begin(self) -> Convert:
        """Return the function from a file's bytes to the result, which runs on one thread.

        It raises what encode(), decode() and Pillow raise.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Encodes pictures."""

    settings: EncodeSettings = field(default_factory=EncodeSettings)
    regions: tuple[Roi, ...] = ()  # of interest, in every picture; later ones win
    strip: Annotated[bool, STRIP] = False
    max_pixels: Annotated[int | None, MAX_PIXELS] = None

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def suffix(self) -> str:
        """Extension of streams."""
        return STREAM

    def takes(self, name: str) -> bool:
        """Return True if Pillow reads files with this extension, unless it is that of streams."""
        extension = _extension(name)
        picture_plugins.load()
        return extension != STREAM and Image.registered_extensions().get(extension) in Image.OPEN

    def key(self) -> str:
        """Return a text that changes when a setting changes that may affect the streams."""
        regions = [roi.fingerprint() for roi in self.regions]
        return _key("encode", _decisive(self.settings), regions, self.strip)

    def begin(self) -> Convert:
        """Return the function from the bytes of a picture to a stream."""
        encoder = Encoder(**asdict(replace(self.settings, threads=1)))

        def convert(data: bytes) -> Converted:
            picture = pictures.parse(data, max_pixels=self.max_pixels)
            carried = Metadata() if self.strip else picture.metadata
            regions = self.regions or None
            stream, notes = encoder.encode_noting(
                picture.pixels, importance=regions, **asdict(carried)
            )
            return stream, picture.notes + notes

        return convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """Decodes streams."""

    settings: DecodeSettings = field(default_factory=DecodeSettings)
    suffix: str = PICTURE  # extension of the pictures, which sets their format
    strip: Annotated[bool, STRIP] = False

    def __post_init__(self) -> None:
        pictures.format_of(f"picture{self.suffix}")

    def takes(self, name: str) -> bool:
        """Return True if the file has the extension of streams."""
        return _extension(name) == STREAM

    def key(self) -> str:
        """Return a text that changes when a setting changes that may affect the pictures."""
        return _key("decode", _decisive(self.settings), self.suffix, self.strip)

    def begin(self) -> Convert:
        """Return the function from a stream to the bytes of a picture."""
        decoder = Decoder(**asdict(replace(self.settings, threads=1)))
        chosen = pictures.format_of(f"picture{self.suffix}")

        def convert(data: bytes) -> Converted:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", PaintWarning)
                pixels = decoder.decode(data)
            carried = Metadata() if self.strip else inspection.metadata(data)
            file, notes = pictures.pack_noting(pictures.Picture(pixels, carried), chosen)
            return file, (*(str(warning.message) for warning in caught), *notes)

        return convert


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _decisive(settings: EncodeSettings | DecodeSettings) -> dict[str, Any]:
    decisive = {name: value for name, value in asdict(settings).items() if name not in FREE}
    for name in LATER:
        if decisive.get(name, True) is None:
            del decisive[name]  # older manifests do not have it
    return decisive


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
