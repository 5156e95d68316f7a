"""What is done with each file of a batch: a picture is coded, or a stream decoded."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath
from typing import Annotated, Any, Protocol

from PIL import Image

from ablc import inspection, pictures
from ablc.decoder import Decoder
from ablc.encoder import Encoder
from ablc.importance import Roi
from ablc.inspection import Metadata
from ablc.options import check_options
from ablc.settings import MAX_PIXELS, STRIP, DecodeSettings, EncodeSettings

STREAM = ".ablc"  # extension of streams
PICTURE = ".png"
FREE = "threads", "max_pixels"  # settings that do not change what is written

Converted = tuple[bytes, tuple[str, ...]]  # a file; what had to change for it, one sentence each
Convert = Callable[[bytes], Converted]


class Work(Protocol):
    """Settings, checked, that may be sent to other processes."""

    @property
    def suffix(self) -> str:
        """Extension of the files that are written, with its point."""

    def takes(self, name: str) -> bool:
        """Whether a file of that name is one to work on."""

    def key(self) -> str:
        """Changes when a setting does that may change what is written."""

    def begin(self) -> Convert:
        """What makes one file of another, with one thread; what it loads it keeps.

        It raises what encode(), decode() and Pillow do.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Pictures become streams."""

    settings: EncodeSettings = field(default_factory=EncodeSettings)
    regions: tuple[Roi, ...] = ()  # later ones win
    strip: Annotated[bool, STRIP] = False
    max_pixels: Annotated[int | None, MAX_PIXELS] = None

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def suffix(self) -> str:
        """That of streams."""
        return STREAM

    def takes(self, name: str) -> bool:
        """Whether Pillow reads files with such an extension, and it is not that of streams."""
        extension = _extension(name)
        return extension != STREAM and Image.registered_extensions().get(extension) in Image.OPEN

    def key(self) -> str:
        """Changes when a setting does that may change a stream."""
        regions = [roi.fingerprint() for roi in self.regions]
        return _key("encode", _decisive(self.settings), regions, self.strip)

    def begin(self) -> Convert:
        """One process's coder."""
        encoder = Encoder(**asdict(replace(self.settings, threads=1)))

        def convert(data: bytes) -> Converted:
            picture = pictures.parse(data, max_pixels=self.max_pixels)
            carried = Metadata() if self.strip else picture.metadata
            regions = self.regions or None
            stream = encoder.encode(picture.pixels, importance=regions, **asdict(carried))
            return stream, picture.notes

        return convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """Streams become pictures."""

    settings: DecodeSettings = field(default_factory=DecodeSettings)
    suffix: str = PICTURE  # names the format
    strip: Annotated[bool, STRIP] = False

    def __post_init__(self) -> None:
        pictures.format_of(f"picture{self.suffix}")

    def takes(self, name: str) -> bool:
        """Whether a file has the extension of streams."""
        return _extension(name) == STREAM

    def key(self) -> str:
        """Changes when a setting does that may change a picture."""
        return _key("decode", _decisive(self.settings), self.suffix, self.strip)

    def begin(self) -> Convert:
        """One process's decoder."""
        decoder = Decoder(**asdict(replace(self.settings, threads=1)))
        chosen = pictures.format_of(f"picture{self.suffix}")

        def convert(data: bytes) -> Converted:
            pixels = decoder.decode(data)
            carried = Metadata() if self.strip else inspection.metadata(data)
            return pictures.pack(pictures.Picture(pixels, carried), chosen), ()

        return convert


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _decisive(settings: EncodeSettings | DecodeSettings) -> dict[str, Any]:
    return {name: value for name, value in asdict(settings).items() if name not in FREE}


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
