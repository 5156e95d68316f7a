"""Pillow plug-in: `import ablc.pillow`, and Image.open and Image.save know .ablc files.

>>> import ablc.pillow
>>> from PIL import Image
>>> with Image.open("photo.ablc") as im:
...     im.thumbnail((128, 128))

Pillow finds no plug-ins by itself: a program has to import this module somewhere, once.

Opening reads the header and the metadata: icc_profile, exif and xmp in im.info. As with Pillow's
own formats, pixels are not turned as EXIF says; ImageOps.exif_transpose does that. Loading gives
the pixels of ablc.decode: networks paint where they are installed and the stream gains from them.
`register(fill="classical")` turns that off for all pictures, `im.fill = "classical"` for one.

Saving takes the settings of ablc.Encoder by name (quality, bpp, target_bytes, lossless, effort and
so on), mask and importance of ablc.encode, and

roi: an ablc.Roi, or where a region lies in any form that Roi takes (a rectangle is x, y, width,
    height), or a list of these.
icc_profile, exif, xmp: as in Pillow's own plug-ins; the profile is that of im.info by default.

Any mode becomes L, RGB or RGBA of 8 bits first, as on the command line; mode I is taken for one of
16 bits.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from numbers import Real
from typing import IO, Any

from PIL import Image, ImageFile

from ablc import _core
from ablc.arrays import CELL
from ablc.decoder import decode
from ablc.encoder import Encoder
from ablc.errors import PictureError, StreamError
from ablc.importance import Importance, Roi
from ablc.pictures import EXIF_PREFIX, of_image
from ablc.previews import preview
from ablc.settings import FILL, THREADS, EncodeSettings, Fill

FORMAT, MIME, EXTENSION = "ABLC", "image/x-ablc", ".ablc"
MAGIC = b"ABL\x01"  # docs/FORMAT.md, Header
HEAD = 4096  # bytes that are read to begin with: the header and most metadata
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # of channels
CHANNELS = {mode: channels for channels, mode in MODES.items()}
SETTINGS = tuple(setting.name for setting in fields(EncodeSettings))


class AblcImageFile(ImageFile.ImageFile):
    """An .ablc file that Pillow has opened."""

    format = FORMAT
    format_description = "Ablative image codec"
    fill: Fill = "auto"  # as ablc.decode takes it; may be set until the picture is loaded
    threads: int | None = None  # the same

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
        header, found = stream.header, stream.metadata()
        self._size = header.width, header.height
        self._mode = MODES[header.channels]
        self._has_base = not header.lossless
        if found["icc"]:
            self.info["icc_profile"] = found["icc"]
        if found["exif"]:
            self.info["exif"] = EXIF_PREFIX + found["exif"]
        if found["xmp"]:
            self.info["xmp"] = found["xmp"]
        self._plan(small=False)

    def thumbnail(
        self,
        size: tuple[float, float],
        resample: Image.Resampling = Image.Resampling.BICUBIC,
        reducing_gap: float | None = 2.0,
    ) -> None:
        """Pillow's thumbnail, same arguments, same size, from the base wherever that is enough.

        Pillow asks draft() for the whole box, more than the thumbnail takes of it.
        """
        width, height = self.size
        across, down = (math.floor(side) for side in size)
        box = (min(across, -(-down * width // height)), min(down, -(-across * height // width)))
        super().thumbnail(box, resample, reducing_gap)

    def draft(
        self, mode: str | None, size: tuple[int, int] | None
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Prepares for loading the base alone, an eighth as wide and high, if that is enough.

        It has to be at least of that size; mode means nothing. Returns the mode and the part of the
        base that the picture takes, None if the picture is to be loaded in full: the base has no
        alpha, and a lossless file has no base.
        """
        if size is None or not self.tile or not self._has_base or self.mode == "RGBA":
            return None
        width, height = self.size
        if width < CELL * size[0] or height < CELL * size[1]:
            return None
        self._size = -(-width // CELL), -(-height // CELL)
        self._has_base = False
        self._plan(small=True)
        return self.mode, (0, 0, width / CELL, height / CELL)

    def load_prepare(self) -> None:
        """Hands the settings to the decoder."""
        self.decoderconfig = (self.fill, self.threads)
        super().load_prepare()

    def load_seek(self, pos: int) -> None:
        """Moves in the file. Where this is, ImageFile.Parser waits until it has the whole file."""
        assert self.fp is not None
        self.fp.seek(pos)

    def verify(self) -> None:
        """Reads the whole file. Raises OSError if it is cut short or its checksum is wrong."""
        assert self.fp is not None
        self.fp.seek(0)
        with _failing_as_pillow():
            _core.Stream(self.fp.read())
        super().verify()

    def _plan(self, *, small: bool) -> None:
        """Sets what load() will do."""
        self.tile = [ImageFile._Tile(FORMAT, (0, 0, *self.size), 0, (small,))]


class AblcDecoder(ImageFile.PyDecoder):
    """What Pillow calls to load a file; its arguments: whether the base will do, fill, threads.

    With ImageFile.LOAD_TRUNCATED_IMAGES a damaged file gives what is left, and a StreamWarning.
    """

    _pulls_fd = True

    def decode(self, buffer: Image.DecoderInput) -> tuple[int, int]:
        """Fills the whole picture. Raises OSError if the file is damaged."""
        assert self.fd is not None
        small, fill, threads = self.args
        shape = (self.state.ysize, self.state.xsize, CHANNELS[self.mode])
        # Image.open has looked at the size: what is larger now is another file.
        limit = shape[0] * shape[1] * (CELL**2 if small else 1)
        partial = ImageFile.LOAD_TRUNCATED_IMAGES
        data = self.fd.read()
        with _failing_as_pillow():
            if small:
                pixels = preview(data, threads=threads, partial=partial, max_pixels=limit)
            else:
                pixels = decode(data, fill=fill, threads=threads, partial=partial, max_pixels=limit)
        if pixels.shape != shape:
            raise OSError(f"the picture was {shape} when the file was opened, now {pixels.shape}")
        self.set_as_raw(pixels.data)  # type: ignore[arg-type]  # any buffer will do
        return -1, 0


def register(*, fill: Fill = "auto", threads: int | None = None) -> None:
    """Makes the plug-in known to Pillow; importing the module has done so with the defaults.

    fill, threads: as ablc.decode takes them, for every picture loaded from now on.

    Raises ValueError for a wrong argument.
    """
    FILL.check("fill", fill)
    THREADS.check("threads", threads)
    AblcImageFile.fill, AblcImageFile.threads = fill, threads
    Image.register_open(FORMAT, AblcImageFile, _accept)
    Image.register_decoder(FORMAT, AblcDecoder)
    Image.register_save(FORMAT, _save)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME)


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Writes a picture, as Image.save calls it.

    Raises OSError if the mode is one that cannot be converted, ValueError for a wrong setting.
    """
    given = im.encoderinfo
    try:
        picture = of_image(im)
    except PictureError as error:
        raise OSError(f"cannot write mode {im.mode} as {FORMAT}: {error}") from error
    encoder = Encoder(**{name: given[name] for name in SETTINGS if name in given})
    data = encoder.encode(
        picture.pixels,
        importance=_importance(given),
        mask=given.get("mask", "rdo"),
        icc=given.get("icc_profile", picture.metadata.icc) or b"",
        exif=_exif(given.get("exif")),
        xmp=_xmp(given.get("xmp")),
    )
    fp.write(data)


def _importance(given: dict[str, Any]) -> Importance | None:
    """The importance that the settings importance or roi stand for."""
    roi, importance = given.get("roi"), given.get("importance")
    if roi is None:
        return importance
    if importance is not None:
        raise ValueError("roi and importance exclude each other: give one of them")
    if isinstance(roi, list | tuple) and any(not isinstance(one, Real) for one in roi):
        return [one if isinstance(one, Roi) else Roi(one) for one in roi]
    return roi if isinstance(roi, Roi) else Roi(roi)


def _exif(exif: Image.Exif | bytes | None) -> bytes:
    """EXIF without prefix."""
    packed = exif.tobytes() if isinstance(exif, Image.Exif) else exif or b""
    return packed.removeprefix(EXIF_PREFIX)


def _xmp(xmp: str | bytes | None) -> bytes:
    return xmp.encode() if isinstance(xmp, str) else xmp or b""


@contextmanager
def _failing_as_pillow() -> Iterator[None]:
    """Turns what the codec says of damaged bytes into the OSError that users of Pillow expect."""
    try:
        yield
    except StreamError as error:
        raise OSError(str(error)) from error


register()
