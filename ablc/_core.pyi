from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

class StreamError(ValueError): ...
class LimitError(StreamError): ...

class _Metadata(TypedDict):
    icc: bytes
    exif: bytes
    xmp: bytes

def encode(
    image: npt.NDArray[np.uint8],
    *,
    step: int = 640,
    lossless: bool = False,
    subsample: bool = True,
    effort: int = 5,
    threads: int = 1,
    tune: int = 0,
    lambda_scale: float = 1.0,
    importance: npt.NDArray[np.float32] | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    icc: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
    model: bytes = b"",
) -> bytes: ...
def decode(
    data: bytes, *, max_pixels: int, threads: int = 1, partial: bool = False
) -> tuple[npt.NDArray[np.uint8], list[str]]: ...
def inspect(data: bytes, *, max_pixels: int) -> dict[str, Any]: ...
def keep_mask(data: bytes, *, max_pixels: int) -> npt.NDArray[np.bool_]: ...
def metadata(data: bytes) -> _Metadata: ...
def pack_mask(mask: npt.NDArray[np.bool_]) -> bytes: ...
def unpack_mask(data: bytes, rows: int, cols: int) -> npt.NDArray[np.bool_]: ...
