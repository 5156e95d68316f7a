from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

class StreamError(ValueError):
    """The bytes are damaged, or no .ablc stream."""

class LimitError(StreamError):
    """The stream or picture asks for more pixels than allowed."""

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

class _Header(TypedDict):
    width: int
    height: int
    channels: int
    lossless: bool
    step: int
    model: bytes
    past_metadata: bool

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
    painted: npt.NDArray[np.uint8] | None = None,
    analysis: Analysis | None = None,
    icc: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
    model: bytes = b"",
) -> bytes: ...
def decode(
    data: bytes,
    *,
    max_pixels: int,
    threads: int = 1,
    partial: bool = False,
    region: tuple[int, int, int, int] | None = None,
    out: npt.NDArray[np.uint8] | None = None,
) -> tuple[npt.NDArray[np.uint8], list[str]]: ...
def preview(
    data: bytes, *, max_pixels: int, threads: int = 1, partial: bool = False
) -> tuple[npt.NDArray[np.uint8], list[str]]: ...
def decode_guided(
    data: bytes,
    *,
    max_pixels: int,
    threads: int = 1,
    partial: bool = False,
    region: tuple[int, int, int, int] | None = None,
    out: npt.NDArray[np.uint8] | None = None,
) -> tuple[npt.NDArray[np.uint8], list[str], Guide | None]: ...
def header(data: bytes, *, max_pixels: int, partial: bool = False) -> _Header: ...
def inspect(data: bytes, *, max_pixels: int) -> dict[str, Any]: ...
def keep_mask(data: bytes, *, max_pixels: int) -> npt.NDArray[np.bool_]: ...
def coding_map(data: bytes, *, max_pixels: int) -> _CodingMap: ...
def sections(data: bytes) -> list[_Section]: ...
def metadata(data: bytes, *, partial: bool = False) -> _Metadata: ...
def pack_mask(mask: npt.NDArray[np.bool_]) -> bytes: ...
def unpack_mask(data: bytes, rows: int, columns: int) -> npt.NDArray[np.bool_]: ...
def pack_tensor(
    levels: npt.NDArray[np.int16], coded: npt.NDArray[np.bool_] | None = None
) -> bytes: ...
def unpack_tensor(
    data: bytes, planes: int, rows: int, columns: int, coded: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int16]: ...
def section(data: bytes, name: str) -> bytes | None: ...
def with_sections(data: bytes, bodies: Mapping[str, bytes]) -> bytes: ...
