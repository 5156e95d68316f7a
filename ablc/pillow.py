"""Pillow plug-in: `import ablc.pillow`, and Image.open and Image.save know .ablc files.

>>> import ablc.pillow
>>> from PIL import Image
>>> with Image.open("photo.ablc") as im:
...     im.thumbnail((128, 128))

Pillow does not search for plug-ins: a program has to import this module once.

Opening a file reads its header and metadata: icc_profile, exif and xmp in im.info. As with Pillow's
own formats, pixels are not turned in the way EXIF says; ImageOps.exif_transpose does that. Loading
returns the pixels of ablc.decode: a network paints if the file names it.
`register(fill="classical")` turns networks off for all pictures, `im.fill = "classical"` for one;
`fill="net"`, `model` and `strength` choose a network and its strength in the same two ways.

Saving takes the settings of ablc.Encoder by name (quality, bpp, target_bytes, lossless, effort and
so on), mask and importance of ablc.encode, and

roi: an ablc.Roi, or the place of a region in any form that Roi takes (a rectangle is x, y, width,
    height), or a list of these.
icc_profile, exif, xmp, dpi: as in Pillow's own plug-ins; the default profile is that of im.info.

Names that users of JPEG, WebP and AVIF know are taken: subsampling=0, method, speed, exact,
max_threads; optimize, progressive and others that only tune those coders change nothing. An unknown
name is a TypeError. A UserWarning tells what is lost, such as 16 bits per sample.

Any mode is first converted to L, RGB or RGBA of 8 bits, as on the command line; mode I is assumed
to have 16 bits.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import IO, Any

from PIL import Image, ImageFile

from ablc import _core
from ablc.arguments import EXIF_PREFIX, metadata_of
from ablc.arrays import CELL
from ablc.decoder import decode
from ablc.density import density_of, with_density
from ablc.encoder import Encoder
from ablc.errors import PictureError, StreamError
from ablc.importance import Importance, Roi
from ablc.pictures import of_image
from ablc.pillow_options import SETTINGS, encoder_options
from ablc.previews import preview
from ablc.settings import DecodeSettings, Fill

FORMAT, MIME, EXTENSION = "ABLC", "image/x-ablc", ".ablc"
MAGIC = b"ABL"  # docs/FORMAT.md, Header; the version follows
HEAD = 4096  # bytes that are read first: the header and usually the metadata
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # of channels
CHANNELS = {mode: channels for channels, mode in MODES.items()}


class AblcImageFile(ImageFile.ImageFile):
    """An .ablc file opened by Pillow."""

    format = FORMAT
    format_description = "Ablative image codec"
    # As in ablc.decode; they may be set until the picture is loaded.
    fill: Fill = "auto"
    model: str | None = None
    strength: float | None = None
    threads: int | None = None

    def _open(self) -> None:
        assert self.fp is not None
        data = self.fp.read(HEAD)
        try:
            stream = _core.Stream(data, partial=True)
            while not stream.past_metadata and (more := self.fp.read(len(data))):
                data += more
                stream = _core.Stream(data, partial=True)
        except StreamError as error:
            raise SyntaxError(str(error)) from error
        header, metadata = stream.header, stream.metadata()
        self._size = header.width, header.height
        self._mode = MODES[header.channels]
        self._has_preview = not header.lossless
        if metadata["icc"]:
            self.info["icc_profile"] = metadata["icc"]
        if metadata["exif"]:
            self.info["exif"] = EXIF_PREFIX + metadata["exif"]
            if density := density_of(metadata["exif"]):
                self.info["dpi"] = density
        if metadata["xmp"]:
            self.info["xmp"] = metadata["xmp"]
        self._plan(small=False)

    def thumbnail(
        self,
        size: tuple[float, float],
        resample: Image.Resampling = Image.Resampling.BICUBIC,
        reducing_gap: float | None = 2.0,
    ) -> None:
        """Pillow's thumbnail, made from a preview if that is large enough.

        Arguments and resulting size are Pillow's. Pillow would request the whole box from draft(),
        although the thumbnail fills only a part of it.
        """
        width, height = self.size
        across, down = (math.floor(side) for side in size)
        box = (min(across, -(-down * width // height)), min(down, -(-across * height // width)))
        super().thumbnail(box, resample, reducing_gap)

    def draft(
        self, mode: str | None, size: tuple[int, int] | None
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Prepare to load the preview, an eighth as wide and high, if it is large enough.

        mode is ignored; the preview has to be at least of the given size. Returns the mode and the
        box that the picture takes up in the preview; None if the picture itself has to be loaded,
        because it has alpha, which the preview has not, or is lossless and has no preview.
        """
        if size is None or not self.tile or not self._has_preview or self.mode == "RGBA":
            return None
        width, height = self.size
        if width < CELL * size[0] or height < CELL * size[1]:
            return None
        self._size = -(-width // CELL), -(-height // CELL)
        self._has_preview = False
        self._plan(small=True)
        return self.mode, (0, 0, width / CELL, height / CELL)

    def load_prepare(self) -> None:
        """Pass the settings to the decoder."""
        self.decoderconfig = (self.fill, self.model, self.strength, self.threads)
        super().load_prepare()

    def load_seek(self, pos: int) -> None:
        """Move in the file. With this method, ImageFile.Parser waits for the whole file."""
        assert self.fp is not None
        self.fp.seek(pos)

    def verify(self) -> None:
        """Read the whole file. Raises OSError if it is truncated or its checksum is wrong."""
        assert self.fp is not None
        self.fp.seek(0)
        with _failing_as_pillow():
            _core.Stream(self.fp.read())
        super().verify()

    def _plan(self, *, small: bool) -> None:
        """Set the work that load() has to do."""
        self.tile = [ImageFile._Tile(FORMAT, (0, 0, *self.size), 0, (small,))]


class AblcDecoder(ImageFile.PyDecoder):
    """Decodes a file for Pillow.

    Its arguments: whether only the preview is needed; fill, model, strength, threads.

    With ImageFile.LOAD_TRUNCATED_IMAGES the intact parts of a damaged file are loaded, with a
    StreamWarning.
    """

    _pulls_fd = True

    def decode(self, buffer: Image.DecoderInput) -> tuple[int, int]:
        """Decode the whole picture. Raises OSError if the file is damaged."""
        assert self.fd is not None
        small, fill, model, strength, threads = self.args
        shape = (self.state.ysize, self.state.xsize, CHANNELS[self.mode])
        # Image.open has checked the size: a larger picture means that the file has changed.
        limit = shape[0] * shape[1] * (CELL**2 if small else 1)
        partial = ImageFile.LOAD_TRUNCATED_IMAGES
        data = self.fd.read()
        with _failing_as_pillow():
            if small:
                pixels = preview(data, threads=threads, partial=partial, max_pixels=limit)
            else:
                pixels = decode(
                    data,
                    fill=fill,
                    model=model,
                    strength=strength,
                    threads=threads,
                    partial=partial,
                    max_pixels=limit,
                )
        if pixels.shape != shape:
            raise OSError(f"the picture was {shape} when the file was opened, now {pixels.shape}")
        self.set_as_raw(pixels.data)  # type: ignore[arg-type]  # takes any buffer
        return -1, 0


def register(
    *,
    fill: Fill = "auto",
    model: str | None = None,
    strength: float | None = None,
    threads: int | None = None,
) -> None:
    """Register the plug-in with Pillow; importing the module does so with the defaults.

    fill, model, strength, threads: as in ablc.decode, for every picture that is loaded from now on.

    Raises ValueError for a wrong argument.
    """
    checked = DecodeSettings(fill=fill, model=model, strength=strength, threads=threads)
    for name in ("fill", "model", "strength", "threads"):
        setattr(AblcImageFile, name, getattr(checked, name))
    Image.register_open(FORMAT, AblcImageFile, _accept)
    Image.register_decoder(FORMAT, AblcDecoder)
    Image.register_save(FORMAT, _save)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME)


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Write a picture; called by Image.save.

    Raises OSError if the mode cannot be converted, TypeError for an unknown option, ValueError for
    a wrong value.
    """
    given = encoder_options(im.encoderinfo)
    try:
        picture = of_image(im)
    except PictureError as error:
        raise OSError(f"cannot write mode {im.mode} as {FORMAT}: {error}") from error
    for note in picture.notes:
        warnings.warn(note, UserWarning, stacklevel=3)
    encoder = Encoder(**{name: given[name] for name in SETTINGS if name in given})
    data = encoder.encode(
        picture.pixels,
        importance=_importance(given),
        mask=given.get("mask", "rdo"),
        icc=given.get("icc_profile", picture.metadata.icc),
        exif=with_density(metadata_of("exif", given.get("exif")), given.get("dpi")),
        xmp=given.get("xmp"),
    )
    fp.write(data)


def _importance(given: dict[str, Any]) -> Importance | None:
    """Return the importance that the settings importance or roi define."""
    roi, importance = given.get("roi"), given.get("importance")
    if roi is None:
        return importance
    if importance is not None:
        raise ValueError("roi and importance exclude each other: give one of them")
    if isinstance(roi, list | tuple) and any(not isinstance(item, Real) for item in roi):
        return [item if isinstance(item, Roi) else Roi(item) for item in roi]
    return roi if isinstance(roi, Roi) else Roi(roi)


@contextmanager
def _failing_as_pillow() -> Iterator[None]:
    """Raise errors of the codec about damaged bytes as OSError, which users of Pillow expect."""
    try:
        yield
    except StreamError as error:
        raise OSError(str(error)) from error


register()
