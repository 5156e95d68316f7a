"""What a stream holds, down to the last byte."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.arrays import CELL
from ablc.settings import pixel_limit


@dataclass(frozen=True, slots=True)
class Section:
    """A run of bytes with one purpose (docs/FORMAT.md)."""

    name: str
    offset: int  # bytes from the start of the stream
    length: int  # bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a picture says about itself; empty where it says nothing."""

    icc: bytes = b""  # ICC profile
    exif: bytes = b""  # TIFF structure, without the "Exif" prefix of JPEG files
    xmp: bytes = b""  # XML packet


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream's header and layout. The sections' lengths add up to size."""

    size: int  # bytes
    version: int  # of the format
    width: int  # pixels
    height: int  # pixels
    channels: int  # 1 grey, 3 RGB, 4 RGBA
    lossless: bool
    subsampling: Literal["4:2:0", "4:4:4"]
    step: float  # luma quantisation step, grey levels; means nothing if lossless
    tile: int  # side of an independently coded tile, pixels; 0: the picture is one
    tiles: int  # number of them
    checksum_ok: bool
    model: str  # id of the networks that the encoder had in mind, hex; empty: none
    kept: float  # share of the pixels that lie in kept blocks
    leaves: dict[int, int]  # block side in pixels -> number of blocks
    sections: tuple[Section, ...]  # in the order of the file, without gaps

    @property
    def bpp(self) -> float:
        """Bits per pixel, of the whole stream."""
        return 8 * self.size / (self.width * self.height)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "bpp": self.bpp}

    def to_json(self) -> str:
        """One JSON object, indented."""
        import json  # late, as all that importing ablc can do without

        return json.dumps(self.to_dict(), indent=2)


@dataclass(frozen=True, slots=True, eq=False)
class CodingMap:
    """How a stream codes each cell of 8x8 pixels.

    Header, metadata and the lengths of segments belong to no cell: bits add up to a little less
    than the stream. A lossless stream has bits alone; there every cell counts as a kept block of
    8x8 pixels in mode 0 without offset.
    """

    image: npt.NDArray[np.uint8]  # (H, W, C), decoded with the classical fill
    bits: npt.NDArray[np.float32]  # (R, C), a block's shared evenly among its cells
    kept: npt.NDArray[np.bool_]  # (R, C), cells in kept blocks
    side: npt.NDArray[np.uint8]  # (R, C) of the block around the cell: 8, 16 or 32 pixels
    mode: npt.NDArray[np.uint8]  # (R, C) luma: 0 base, 1 fade, 2 + d in direction d of 0..31
    offset: npt.NDArray[np.int8]  # (R, C) of the step, quarter octaves, below 0 finer
    exact: bool  # some samples are stored losslessly, mostly in cells that are not kept

    @property
    def pixels(self) -> npt.NDArray[np.int64]:
        """(R, C) how many pixels a cell has: 64, less along the right and lower border."""
        height, width, _ = self.image.shape
        rows, columns = (np.arange(count) * CELL for count in self.bits.shape)
        return np.outer(np.minimum(height - rows, CELL), np.minimum(width - columns, CELL))

    @property
    def bpp(self) -> npt.NDArray[np.float32]:
        """(R, C) bits per pixel."""
        return (self.bits / self.pixels).astype(np.float32)


def inspect(data: bytes, *, max_pixels: int | None = None) -> StreamInfo:
    """What a stream holds. A wrong checksum is reported, not raised.

    Raises StreamError if the bytes are no .ablc stream, LimitError beyond max_pixels
    (default: PIL.Image.MAX_IMAGE_PIXELS).
    """
    stream = _core.Stream(data, max_pixels=pixel_limit(max_pixels))
    header = stream.header
    return StreamInfo(
        size=len(data),
        version=_core.VERSION,
        width=header.width,
        height=header.height,
        channels=header.channels,
        lossless=header.lossless,
        subsampling="4:2:0" if header.subsample else "4:4:4",
        step=header.step / 16,
        tile=header.tile,
        tiles=header.tiles,
        checksum_ok=stream.checksum_ok,
        model=stream.model.hex(),
        kept=stream.kept_share(),
        leaves=stream.leaves(),
        sections=tuple(Section(**section) for section in stream.sections),
    )


def keep_mask(data: bytes, *, max_pixels: int | None = None) -> npt.NDArray[np.bool_]:
    """(R, C) bool cells of 8x8 pixels, True where the stream keeps the block around them.

    Raises StreamError and LimitError as inspect does.
    """
    return _core.Stream(data, max_pixels=pixel_limit(max_pixels)).keep_mask()


def coding_map(data: bytes, *, max_pixels: int | None = None) -> CodingMap:
    """Where the bits of a stream went, and how its blocks are coded.

    Raises StreamError if the bytes are damaged or no .ablc stream, LimitError as inspect does.
    """
    stream = _core.Stream(data, max_pixels=pixel_limit(max_pixels))
    found = stream.coding_map()
    return CodingMap(
        image=found["image"],
        bits=found["bits"],
        kept=found["kept"],
        side=np.uint8(1) << found["log2_size"],
        mode=found["mode"],
        offset=found["offset"],
        exact=stream.section("EXCT") is not None,
    )


def metadata(data: bytes) -> Metadata:
    """ICC profile, EXIF and XMP of a stream. Raises StreamError if the bytes are none."""
    return Metadata(**_core.Stream(data).metadata())
