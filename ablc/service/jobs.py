"""The work of one request on one thread: bytes to a picture, region and size, and bytes again.

A job reads only its arguments: it opens no file and starts no program.
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
from ablc.painters import painter_of
from ablc.pictures import Picture
from ablc.regions import Region
from ablc.service import forms, iiif, media
from ablc.service.media import MediaType
from ablc.service.problems import ProblemError
from ablc.service.queries import EncodeQuery
from ablc.settings import SIDE_MAX

HEAD_BYTES = 64  # at least the length of the header (docs/FORMAT.md, Header)
LOSSY_QUALITY = 85  # of JPEG, WebP and AVIF; PNG is there for exact pictures
REDUCING_GAP = 2.0  # large reductions begin by averaging boxes of pixels, as Pillow advises

Body = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of a response, the size of the picture in it, and its type."""

    body: Body
    shape: tuple[int, ...]  # H, W, C
    type: MediaType
    notes: tuple[str, ...] = ()  # changes and losses on the way, one sentence each


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPicture:
    """The decoded picture of a request, ready to be written or encoded."""

    picture: Picture
    roi_mask: Pixels | None = None  # (H, W) 0..255, white in the region of interest
    paint: str | None = None  # the painter that its stream names, as the setting paint has it


@dataclass(frozen=True, slots=True)
class Rendition:
    """Which part of a picture a request asks for, at which size, and whether with metadata."""

    region: str  # as in IIIF
    size: str  # as in IIIF
    strip: bool  # True: without metadata


WHOLE = Rendition("full", "max", strip=True)


@dataclass(frozen=True, slots=True)
class StreamHead:
    """What the header of a stream says about its picture."""

    height: int
    width: int
    channels: int

    @classmethod
    def read(cls, data: bytes) -> "StreamHead":
        """Return the head of a stream. Raises StreamError if data begins with none."""
        header = _core.Stream(data[:HEAD_BYTES], partial=True).header
        return cls(header.height, header.width, header.channels)

    def region(self, text: str) -> Region | None:
        """Return the region that text names; None for all. Raises ValueError if it is outside."""
        return iiif.region(text, self.height, self.width)

    def decoded_bytes(self, region: Region | None, max_pixels: int) -> int:
        """Return the bytes of the decoded region. Raises LimitError beyond max_pixels."""
        height, width = (region.height, region.width) if region else (self.height, self.width)
        check_pixels(height, width, max_pixels)
        return height * width * self.channels


def check_pixels(height: int, width: int, max_pixels: int) -> None:
    """Raises LimitError for a picture of more than max_pixels."""
    if width * height > max_pixels:
        raise LimitError(f"{width}x{height} pixels are more than the {max_pixels} allowed here")


def from_stream(
    data: bytes, pixels: Pixels, rendition: Rendition, notes: tuple[str, ...] = ()
) -> LoadedPicture:
    """Return a decoded region at the size asked for, with the metadata of its stream.

    notes: what the client is told of it, one sentence each.
    """
    metadata = Metadata() if rendition.strip else inspection.metadata(data)
    picture = Picture(_resize(pixels, rendition.size), metadata, notes)
    return LoadedPicture(picture, paint=painter_of(data))


def load(data: bytes, content_type: str, rendition: Rendition, max_pixels: int) -> LoadedPicture:
    """Return the region of a picture in an upload that is no stream, at the size asked for.

    content_type: of the upload: a form, or a type of picture that is read.
    Raises ProblemError 415 if the file is not of its declared type, 422 for a damaged form.
    """
    kind, roi = content_type, None
    if media.plain(content_type) == media.FORM:
        form = forms.parse(data, content_type)
        data, roi = form.picture, form.roi
        kind = media.check(form.kind, (*media.READABLE, media.OCTETS))
    picture = _parse(data, media.plain(kind), max_pixels)
    height, width, _ = picture.pixels.shape
    region = iiif.region(rendition.region, height, width)
    pixels = picture.pixels if region is None else picture.pixels[region.slices]
    metadata = Metadata() if rendition.strip else picture.metadata
    rendered = Picture(_resize(pixels, rendition.size), metadata, picture.notes)
    return LoadedPicture(rendered, None if roi is None else _parse_mask(roi, max_pixels))


def write(loaded: LoadedPicture, accepted: tuple[MediaType, ...], quality: float | None) -> Payload:
    """Return the picture as a file of the first accepted type that can hold it.

    JPEG, for example, holds no transparency, and WebP no side of more than 16383 pixels.

    quality: 1..100, for lossy types; default: LOSSY_QUALITY.
    Raises PictureError, the one about the first type, if no accepted type can hold the picture.
    """
    first_error: PictureError | None = None
    for chosen in accepted:
        try:
            return _write_as(loaded.picture, chosen, quality)
        except PictureError as error:
            first_error = first_error or error
    raise first_error or ValueError("no type is accepted")


def _write_as(picture: Picture, chosen: MediaType, quality: float | None) -> Payload:
    """Return the picture as a file of the chosen type, or as bare samples."""
    shape, notes = picture.pixels.shape, picture.notes
    if chosen == media.RAW:
        return Payload(np.ascontiguousarray(picture.pixels).data.cast("B"), shape, chosen, notes)
    chosen_quality = LOSSY_QUALITY if quality is None else round(quality)
    file, losses = pictures.pack_noting(picture, chosen.format, chosen_quality)
    return Payload(file, shape, chosen, notes + losses)


def encode(loaded: LoadedPicture, query: EncodeQuery) -> Payload:
    """Return the picture as a stream, which names the painter that the picture's stream named."""
    regions = query.regions()
    if loaded.roi_mask is not None:
        regions.append(Roi(loaded.roi_mask, float(query.roi_weight), query.feather))
    picture, metadata = loaded.picture, loaded.picture.metadata
    data, losses = query.encoder(loaded.paint).encode_noting(
        picture.pixels,
        importance=regions or None,
        mask=query.scheme(),
        icc=metadata.icc,
        exif=metadata.exif,
        xmp=metadata.xmp,
    )
    return Payload(data, picture.pixels.shape, media.ABLC, picture.notes + losses)


def inspect(data: bytes, chosen: MediaType, max_pixels: int) -> Payload:
    """Return header and layout of a stream as JSON, or a drawing of where its bits went."""
    info = inspection.inspect(data, max_pixels=max_pixels)
    if chosen == media.JSON:
        return Payload(info.to_json().encode(), (info.height, info.width, info.channels), chosen)
    coding_map = inspection.coding_map(data, max_pixels=max_pixels)
    sheet = np.asarray(map_sheet.make(coding_map, info, "picture"))
    return Payload(pictures.pack(Picture(sheet), chosen.format), sheet.shape, chosen)


def warm_up() -> None:
    """Encode and decode an empty picture, which loads everything that requests need."""
    blank = Picture(np.zeros((64, 64, 3), np.uint8))
    file = pictures.pack(blank)
    stream = encode(load(file, "image/png", WHOLE, SIDE_MAX**2), EncodeQuery())
    Decoder(fill="classical", threads=1).decode(bytes(stream.body))


def _parse(data: bytes, kind: str, max_pixels: int) -> Picture:
    """Return the picture in a file of a type; its size is checked before it is decoded."""
    try:
        return pictures.parse(data, media.formats(kind), max_pixels)
    except PictureError as error:
        if not isinstance(error.__cause__, UnidentifiedImageError):
            raise
        expected = kind if kind in media.READABLE else "a picture of a type that is read here"
        raise ProblemError(415, f"the body is not {expected}") from None


def _parse_mask(data: bytes, max_pixels: int) -> Pixels:
    """Return how white a picture in a file of any readable type is, (H, W) 0..255."""
    return pictures.white(_parse(data, media.OCTETS, max_pixels))


def _resize(pixels: Pixels, size: str) -> Pixels:
    height, width, channels = pixels.shape
    new_height, new_width = iiif.size(size, height, width)
    if (new_height, new_width) == (height, width):
        return pixels
    image = pictures.to_image(np.ascontiguousarray(pixels))
    resized = image.resize(
        (new_width, new_height), Image.Resampling.LANCZOS, reducing_gap=REDUCING_GAP
    )
    return np.asarray(resized).reshape(new_height, new_width, channels)
