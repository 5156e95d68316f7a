import sys
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

class StreamError(ValueError):
    """The bytes are damaged, or not an ablc stream."""

class LimitError(StreamError):
    """The stream or picture holds more pixels than the caller allows."""

class Analysis:
    def __init__(self) -> None: ...

class Guide:
    @property
    def step(self) -> int: ...
    @property
    def subsample(self) -> bool: ...
    @property
    def kept(self) -> npt.NDArray[np.bool_]: ...
    @property
    def chroma_coded(self) -> npt.NDArray[np.bool_]: ...
    @property
    def log2_size(self) -> npt.NDArray[np.uint8]: ...
    @property
    def offset(self) -> npt.NDArray[np.int8]: ...
    @property
    def exact(self) -> npt.NDArray[np.bool_] | None: ...
    def project(
        self,
        picture: npt.NDArray[np.uint8],
        painted: npt.NDArray[np.float32],
        top: int = 0,
        threads: int = 1,
    ) -> None: ...

class _Metadata(TypedDict):
    icc: bytes
    exif: bytes
    xmp: bytes

class _Section(TypedDict):
    name: str
    offset: int
    length: int

class _CodingMap(TypedDict):
    image: npt.NDArray[np.uint8]
    bits: npt.NDArray[np.float32]
    kept: npt.NDArray[np.bool_]
    log2_size: npt.NDArray[np.uint8]
    mode: npt.NDArray[np.uint8]
    offset: npt.NDArray[np.int8]

VERSION: int  # of the format
DISPLACEMENT: tuple[int, ...]  # of the directions of prediction (docs/FORMAT.md, Prediction)

class Header:
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def lossless(self) -> bool: ...
    @property
    def subsample(self) -> bool: ...
    @property
    def step(self) -> int: ...
    @property
    def tile(self) -> int: ...
    @property
    def tiles(self) -> int: ...

class Stream:
    def __init__(
        self, data: bytes | memoryview, *, max_pixels: int | None = None, partial: bool = False
    ) -> None: ...
    @property
    def header(self) -> Header: ...
    @property
    def checksum_ok(self) -> bool: ...
    @property
    def whole(self) -> bool: ...
    @property
    def past_metadata(self) -> bool: ...
    @property
    def model(self) -> bytes: ...
    @property
    def sections(self) -> list[_Section]: ...
    def section(self, name: str) -> bytes | None: ...
    def with_sections(self, bodies: Mapping[str, bytes]) -> bytes: ...
    def metadata(self) -> _Metadata: ...
    def decode(
        self,
        *,
        threads: int = 1,
        region: tuple[int, int, int, int] | None = None,
        max_pixels: int | None = None,
        out: npt.NDArray[np.uint8] | None = None,
    ) -> tuple[npt.NDArray[np.uint8], list[str]]: ...
    def decode_guided(
        self,
        *,
        threads: int = 1,
        region: tuple[int, int, int, int] | None = None,
        max_pixels: int | None = None,
        out: npt.NDArray[np.uint8] | None = None,
    ) -> tuple[npt.NDArray[np.uint8], list[str], Guide | None]: ...
    def preview(self, *, threads: int = 1) -> tuple[npt.NDArray[np.uint8], list[str]]: ...
    def keep_mask(self) -> npt.NDArray[np.bool_]: ...
    def kept_share(self) -> float: ...
    def leaves(self) -> dict[int, int]: ...
    def coding_map(self) -> _CodingMap: ...

def encode(
    image: npt.NDArray[np.uint8],
    *,
    step: int = 640,
    lossless: bool = False,
    subsample: bool = True,
    effort: int = 5,
    threads: int = 1,
    tile: int = 0,
    tune: int = 0,
    tail: float = 0.0,
    importance: npt.NDArray[np.float32] | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    exact: npt.NDArray[np.bool_] | None = None,
    analysis: Analysis | None = None,
    icc: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
    model: bytes = b"",
) -> bytes: ...
def cancel_running() -> None: ...
def note_temporary(name: bytes) -> None: ...
def forget_temporary(name: bytes) -> None: ...
def remove_temporaries() -> None: ...
def may_say_end() -> bool: ...
def set_patience(seconds: float) -> float: ...

if sys.platform != "win32":
    def end_after_signal(pipe: int, number: int, code: int, message: bytes) -> None: ...
    def end_when_closed(descriptors: Sequence[int], code: int) -> None: ...

def pack_mask(mask: npt.NDArray[np.bool_]) -> bytes: ...
def unpack_mask(data: bytes, rows: int, columns: int) -> npt.NDArray[np.bool_]: ...
def pack_tensor(
    levels: npt.NDArray[np.int16], coded: npt.NDArray[np.bool_] | None = None
) -> bytes: ...
def unpack_tensor(
    data: bytes, planes: int, rows: int, columns: int, coded: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int16]: ...
