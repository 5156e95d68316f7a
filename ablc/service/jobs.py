"""What a worker does for a request: bytes to a picture, part and size, and bytes again.

A job may only read what it is given: no file is opened, no other program started.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from ablc import _core, inspection, pictures
from ablc.arrays import Pixels
from ablc.decoder import Decoder
from ablc.drawing import map_sheet
from ablc.errors import LimitError, PictureError
from ablc.importance import Roi
from ablc.inspection import Metadata
from ablc.pictures import Picture
from ablc.regions import Region
from ablc.service import forms, framing, media
from ablc.service.media import Media
from ablc.service.problems import ProblemError
from ablc.service.queries import EncodeQuery
from ablc.settings import SIDE_MAX

HEAD_BYTES = 64  # more than the header has (docs/FORMAT.md, Header)
QUALITY = 85  # of lossy kinds, which go to viewers; what has to be exact is asked for as PNG
REDUCING_GAP = 2.0  # large reductions begin with whole boxes of pixels, as Pillow advises

Body = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer; width, height and channels of the picture in it."""

    body: Body
    shape: tuple[int, ...]  # H, W, C


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a request brought, ready to be written or coded."""

    picture: Picture
    white: Pixels | None = None  # (H, W) a region of interest as a mask, 0..255


@dataclass(frozen=True, slots=True)
class Frame:
    """How a picture is wanted, in the words of framing."""

    region: str
    size: str
    strip: bool  # of its metadata


WHOLE = Frame("full", "max", strip=True)


@dataclass(frozen=True, slots=True)
class StreamHead:
    """What a stream says first of its picture, before anything of that is decoded."""

    height: int
    width: int
    channels: int

    @classmethod
    def read(cls, data: bytes) -> "StreamHead":
        """Raises StreamError unless data begins as a stream does."""
        header = _core.Stream(data[:HEAD_BYTES], partial=True).header
        return cls(header.height, header.width, header.channels)

    def part(self, region: str) -> Region | None:
        """The region that is wanted; None for all. Raises ValueError if it is outside."""
        return framing.part(region, self.height, self.width)

    def decoded_bytes(self, part: Region | None, max_pixels: int) -> int:
        """Bytes of the decoded part. Raises LimitError if it has too many pixels."""
        height, width = (part.height, part.width) if part else (self.height, self.width)
        check_pixels(height, width, max_pixels)
        return height * width * self.channels


def check_pixels(height: int, width: int, max_pixels: int) -> None:
    """Raises LimitError for a picture of too many pixels."""
    if width * height > max_pixels:
        raise LimitError(f"{width}x{height} pixels are more than the {max_pixels} allowed here")


def described(data: bytes, pixels: Pixels, frame: Frame) -> Source:
    """A decoded part at the size wanted, with what its stream says about the picture."""
    carried = Metadata() if frame.strip else inspection.metadata(data)
    return Source(Picture(_resize(pixels, frame.size), carried))


def read(data: bytes, content_type: str, frame: Frame, max_pixels: int) -> Source:
    """The part of a picture in an upload that is no stream, at the size wanted.

    content_type: that of the upload, a form or one of the types that are read.
    Raises ProblemError 415 if the file is of another type than declared, 422 for a damaged form.
    """
    kind, roi = content_type, None
    if media.plain(content_type) == media.FORM:
        form = forms.parse(data, content_type)
        data, roi = form.picture, form.roi
        kind = media.check(form.kind, (*media.READABLE, media.OCTETS))
    picture = _open(data, media.plain(kind), max_pixels)
    height, width, _ = picture.pixels.shape
    part = framing.part(frame.region, height, width)
    pixels = picture.pixels if part is None else picture.pixels[part.slices]
    carried = Metadata() if frame.strip else picture.metadata
    framed = Picture(_resize(pixels, frame.size), carried)
    return Source(framed, None if roi is None else _read_mask(roi, max_pixels))


def write(source: Source, chosen: Media, quality: float | None) -> Answer:
    """The picture as a file of the kind chosen, or as bare samples.

    quality: 1..100 of a lossy kind; default: QUALITY.
    """
    picture = source.picture
    shape = picture.pixels.shape
    if chosen == media.RAW:
        return Answer(np.ascontiguousarray(picture.pixels).data.cast("B"), shape)
    chosen_quality = QUALITY if quality is None else round(quality)
    return Answer(pictures.pack(picture, chosen.format, chosen_quality), shape)


def encode(source: Source, query: EncodeQuery) -> Answer:
    """The picture as a stream."""
    regions = query.regions()
    if source.white is not None:
        regions.append(Roi(source.white, query.roi_weight, query.feather))
    picture, carried = source.picture, source.picture.metadata
    data = query.encoder().encode(
        picture.pixels,
        importance=regions or None,
        mask=query.scheme(),
        icc=carried.icc,
        exif=carried.exif,
        xmp=carried.xmp,
    )
    return Answer(data, picture.pixels.shape)


def inspect(data: bytes, chosen: Media, max_pixels: int) -> Answer:
    """What a stream holds, as JSON or drawn."""
    found = inspection.inspect(data, max_pixels=max_pixels)
    shape = (found.height, found.width, found.channels)
    if chosen == media.JSON:
        return Answer(found.to_json().encode(), shape)
    where = inspection.coding_map(data, max_pixels=max_pixels)
    sheet = np.asarray(map_sheet.make(where, found, "picture"))
    return Answer(pictures.pack(Picture(sheet), chosen.format), sheet.shape)


def warm_up() -> None:
    """Codes and decodes an empty picture, so that everything needed is loaded."""
    blank = Picture(np.zeros((64, 64, 3), np.uint8))
    file = pictures.pack(blank)
    made = encode(read(file, "image/png", WHOLE, SIDE_MAX**2), EncodeQuery())
    Decoder(fill="classical", threads=1).decode(bytes(made.body))


def _open(data: bytes, kind: str, max_pixels: int) -> Picture:
    """Return the picture in a file of a kind. Raises ProblemError 415 if it is of another kind."""
    try:
        return pictures.parse(data, media.formats(kind), max_pixels)
    except PictureError as error:
        if not isinstance(error.__cause__, UnidentifiedImageError):
            raise
        wanted = kind if kind in media.READABLE else "a picture of a kind that is read here"
        raise ProblemError(415, f"the body is not {wanted}") from None


def _read_mask(data: bytes, max_pixels: int) -> Pixels:
    """(H, W) grey samples of a picture in a file of any kind."""
    picture = _open(data, media.OCTETS, max_pixels)
    return np.asarray(pictures.to_image(picture.pixels).convert("L"))


def _resize(pixels: Pixels, size: str) -> Pixels:
    height, width, channels = pixels.shape
    wanted = framing.size(size, height, width)
    if wanted == (height, width):
        return pixels
    image = pictures.to_image(np.ascontiguousarray(pixels))
    small = image.resize(wanted[::-1], Image.Resampling.LANCZOS, reducing_gap=REDUCING_GAP)
    return np.asarray(small).reshape(*wanted, channels)
