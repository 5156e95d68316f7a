"""Inspection: the contents of a stream, section by section and cell by cell."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.arguments import Data, stream_of
from ablc.arrays import CELL, Flags, Floats, Pixels
from ablc.settings import pixel_limit


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a stream (docs/FORMAT.md)."""

    name: str
    offset: int  # bytes from the start of the stream
    length: int  # bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """Metadata of a picture; fields are empty if there is none."""

    icc: bytes = b""  # ICC profile
    exif: bytes = b""  # TIFF structure, without the "Exif" prefix of JPEG files
    xmp: bytes = b""  # XML packet


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """Header and layout of a stream. The lengths of its sections add up to length."""

    length: int  # bytes
    version: int  # of the format
    width: int  # pixels
    height: int  # pixels
    channels: int  # 1 grey, 3 RGB, 4 RGBA
    lossless: bool
    subsampling: Literal["4:2:0", "4:4:4"]
    step: float  # luma quantisation step, grey levels; unused if lossless
    tile: int  # side of a tile in pixels; 0: the picture is a single tile
    tiles: int  # number of tiles
    checksum_ok: bool
    model: str  # name of the network that the stream requests, hex; empty: none
    kept: float  # share of the pixels that lie in kept blocks
    leaves: dict[int, int]  # block side in pixels -> number of blocks
    sections: tuple[Section, ...]  # in the order of the file, without gaps
    segments: dict[str, int]  # section -> bytes of its segments in TILE; empty with one tile

    @property
    def bpp(self) -> float:
        """Bits per pixel of the whole stream."""
        return 8 * self.length / (self.width * self.height)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON, and bpp."""
        return {**asdict(self), "bpp": self.bpp}

    def to_json(self) -> str:
        """Return the fields as one JSON object, indented."""
        import json  # late: the import of ablc stays fast

        return json.dumps(self.to_dict(), indent=2)


@dataclass(frozen=True, slots=True, eq=False)
class CodingMap:
    """The coding of each cell of 8x8 pixels in a stream.

    Header, metadata and the lengths of segments belong to no cell, so that bits add up to slightly
    less than the stream. A lossless stream has only bits; every cell counts as a kept block of 8x8
    pixels in mode 0 without offset.
    """

    image: Pixels  # (H, W, C), decoded with the classical fill
    bits: Floats  # (R, C), those of a block are spread evenly over its cells
    kept: Flags  # (R, C), True in kept blocks
    side: npt.NDArray[np.uint8]  # (R, C) side of the block around the cell: 8, 16, 32 or 64 pixels
    mode: npt.NDArray[np.uint8]  # (R, C) luma: 0 planar, 1 DC, 2 + d in direction d of 0..31
    offset: npt.NDArray[np.int8]  # (R, C) offset of the step in quarter octaves, below 0 finer
    exact: bool  # True if some samples are stored losslessly, mostly in cells that are not kept

    @property
    def pixels(self) -> npt.NDArray[np.int64]:
        """(R, C) number of pixels of each cell: 64, fewer at the right and lower border."""
        height, width, _ = self.image.shape
        rows, columns = (np.arange(count) * CELL for count in self.bits.shape)
        return np.outer(np.minimum(height - rows, CELL), np.minimum(width - columns, CELL))

    @property
    def bpp(self) -> Floats:
        """(R, C) bits per pixel of each cell."""
        return (self.bits / self.pixels).astype(np.float32)


def inspect(data: Data, *, max_pixels: int | None = None) -> StreamInfo:
    """Return header and layout of a stream. A wrong checksum is reported in the result.

    max_pixels: greatest number of pixels; default: PIL.Image.MAX_IMAGE_PIXELS.

    Raises StreamError if the bytes are not an .ablc stream, LimitError beyond max_pixels.
    """
    data = stream_of(data)
    stream = _core.Stream(data, max_pixels=pixel_limit(max_pixels))
    header = stream.header
    return StreamInfo(
        length=len(data),
        version=header.version,
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
        segments=stream.segments,
    )


def keep_mask(data: Data, *, max_pixels: int | None = None) -> Flags:
    """Return the mask of a stream, (R, C) bool cells of 8x8 pixels: True inside kept blocks.

    Raises StreamError and LimitError as inspect does.
    """
    return _core.Stream(stream_of(data), max_pixels=pixel_limit(max_pixels)).keep_mask()


def coding_map(data: Data, *, max_pixels: int | None = None) -> CodingMap:
    """Return the bits that a stream spends on each cell, and the coding of its blocks.

    Raises StreamError if the bytes are damaged or not an .ablc stream, LimitError as inspect does.
    """
    stream = _core.Stream(stream_of(data), max_pixels=pixel_limit(max_pixels))
    cells = stream.coding_map()
    return CodingMap(
        image=cells["image"],
        bits=cells["bits"],
        kept=cells["kept"],
        side=np.uint8(1) << cells["log2_size"],
        mode=cells["mode"],
        offset=cells["offset"],
        exact=stream.header.exact,
    )


def metadata(data: Data) -> Metadata:
    """Return ICC profile, EXIF and XMP of a stream. Raises StreamError if it is not a stream."""
    return Metadata(**_core.Stream(stream_of(data)).metadata())
