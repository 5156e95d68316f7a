"""Picture files, read and written by Pillow, as 8-bit grey, RGB or RGBA with their metadata."""

import io
import struct
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageFile, ImageOps, PngImagePlugin, UnidentifiedImageError

from ablc import density, exif, picture_plugins
from ablc.errors import LimitError, PictureError
from ablc.inspection import Metadata
from ablc.settings import pixel_limit

EXIF_PREFIX = b"Exif\0\0"  # of JPEG files; Pillow expects it for every format
PROFILE_SPACES = {"L": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB "}  # ICC header, bytes 16..19
OPAQUE_FORMATS = ("BMP", "JPEG", "PPM")  # formats without alpha
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "HEIF": {"quality": 95, "chroma": 444},
    "JPEG": {"quality": 95, "subsampling": "4:4:4", "optimize": True},
    "JXL": {"lossless": True},
    "WEBP": {"lossless": True},
}
TIFF_TAGS = (270, 271, 272, 305, 306, 315, 33432)  # subject, camera, author, time
TIFF_XMP = 700
DPI_MOST = 65535  # of a JPEG file
TIFF_IFDS = (0x8769, 0x8825)  # EXIF and GPS
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by the orientation of EXIF
JPEG_METADATA_MOST = {"EXIF": 65_527, "XMP": 65_504}  # bytes in a segment of a JPEG file
DROPPABLE = ("exif",), ("xmp",), ("icc",), ("exif", "xmp"), ("exif", "xmp", "icc")  # in this order
NO_METADATA = Metadata()
PREFIX = 16  # bytes from which plug-ins tell their format
REFUSALS = SyntaxError, IndexError, TypeError, struct.error  # of a plug-in: not its format


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the form of the codec, upright, with the metadata of its file."""

    pixels: npt.NDArray[np.uint8]  # (H, W, C), C 1, 3 or 4
    metadata: Metadata = NO_METADATA
    notes: tuple[str, ...] = ()  # changes made when reading, one sentence each


def parse(
    data: bytes, formats: tuple[str, ...] | None = None, max_pixels: int | None = None
) -> Picture:
    """Return the picture in the bytes of a file, turned upright as its EXIF data says.

    Palettes become RGB or RGBA, one bit becomes grey, CMYK becomes sRGB, 16 bits become 8.

    formats: Pillow's names of the formats that may be read; default: all of them.
    max_pixels: limit on width times height, checked before any pixel is decoded; default:
        PIL.Image.MAX_IMAGE_PIXELS.

    Raises PictureError if Pillow cannot read the picture (from UnidentifiedImageError if the bytes
    are in none of the formats), LimitError if it has more than max_pixels.
    """
    limit = pixel_limit(max_pixels)
    try:
        if size := picture_plugins.jxl_size(data):
            _check_size(size, limit)
        with _open(data, formats) as opened:
            _check_size(opened.size, limit)
            deep = any(";16" in str(tile[3]) for tile in getattr(opened, "tile", ()))
            _match_transparency(opened)
            frames = getattr(opened, "n_frames", 1)
            opened.load()
            image, carried, notes = _upright(opened, data)
            if density.is_said(opened.info.get("dpi")):
                across, down = opened.info["dpi"]
                turned = opened.size != image.size
                carried = density.with_density(
                    carried, (down, across) if turned else (across, down)
                )
        picture = of_image(image, carried, deep=deep, frames=frames)
        return replace(picture, notes=(*picture.notes, *notes))
    except (PictureError, LimitError):
        raise
    except UnidentifiedImageError as error:
        raise PictureError("not a picture in a format that Pillow reads") from error
    except Image.DecompressionBombError as error:  # some plug-ins check for themselves
        raise LimitError(
            f"PIL.Image.MAX_IMAGE_PIXELS is too low for the picture: {error}"
        ) from None
    except Exception as error:  # plug-ins raise whatever damage makes them, struct.error among it
        raise PictureError(f"the picture cannot be read: {error}") from error


def ignore_pillow_warnings() -> None:
    """Silence Pillow's remarks on odd metadata from now on, in the whole process.

    Programs call this once when they start; the library leaves the filters of warnings alone.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")


def of_image(
    image: Image.Image, exif: bytes = b"", *, deep: bool = False, frames: int = 1
) -> Picture:
    """Return the picture in an image of Pillow's, converted in the way of parse(), but not turned.

    exif: EXIF data of the picture; ICC profile and XMP are taken from image.info, if still valid.
    deep, frames: whether the file has 16 bits per sample, and its number of frames; for the notes.

    Raises PictureError for a mode that is not supported.
    """
    notes = ["only the first frame is used"] if frames > 1 else []
    icc = image.info.get("icc_profile") or b""
    xmp = image.info.get("xmp") or b""
    if image.mode.startswith("I") or deep:
        notes.append("16 bits per sample were reduced to 8")
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    elif image.mode == "CMYK" and icc[16:20] == b"CMYK":
        converted = _to_srgb(image, icc)
        image = converted or image.convert("RGB")
        icc = b""
        notes.append(
            "CMYK was converted to sRGB with the picture's ICC profile"
            if converted
            else "the ICC profile is damaged and dropped: CMYK was converted without it"
        )
    elif image.mode not in ("L", "RGB", "RGBA") or image.has_transparency_data:
        image = image.convert(_plain_mode(image))
    if icc and icc[16:20] != PROFILE_SPACES[image.mode]:
        icc = b""
        notes.append("the ICC profile is dropped: it is for another colour space")
    pixels = np.atleast_3d(np.array(image))  # (H, W, C)
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    return Picture(pixels, Metadata(icc, exif, xmp), tuple(notes))


def format_of(name: str) -> str:
    """Return Pillow's name of the format for a file name; PNG if the name has no extension.

    Raises ValueError if Pillow does not write such files.
    """
    extension = PurePath(name).suffix.lower()
    if not extension:
        return "PNG"
    picture_plugins.load()
    chosen = Image.registered_extensions().get(extension)
    if chosen not in Image.SAVE:
        raise ValueError(f"Pillow writes no pictures with the extension {extension} ({name})")
    return chosen


def pack(picture: Picture, chosen: str = "PNG", quality: int | None = None) -> bytes:
    """Return the picture as the bytes of a file in one of Pillow's formats.

    quality: 1..100, for lossy formats, with their usual subsampling; default: nearly lossless, or
        lossless where the format allows.

    Raises PictureError if the format cannot hold the picture, such as transparency or too long
    metadata in a JPEG file.
    """
    return pack_noting(picture, chosen, quality)[0]


def pack_noting(
    picture: Picture, chosen: str = "PNG", quality: int | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """Return what pack() returns, and a sentence if damaged metadata had to be dropped."""
    pixels, metadata = picture.pixels, picture.metadata
    if chosen in ("JPEG", "MPO"):
        _check_lengths(metadata)
    if pixels.shape[2] == 4 and chosen in OPAQUE_FORMATS:
        if (pixels[..., 3] != 255).any():
            raise PictureError(f"{chosen} holds no transparency: write .png or .webp instead")
        pixels = pixels[..., :3]
    if metadata.icc and chosen == "JXL":  # the plug-in would lose it, and colours would change
        raise PictureError("the JPEG XL plug-in writes no ICC profile: use strip or another format")
    options = dict(SAVE_OPTIONS.get(chosen, {}))
    if quality is not None and options:  # only lossy formats have options
        options = {"quality": quality}
    try:
        return _save(pixels, metadata, chosen, options), ()
    except MemoryError:
        raise
    except Exception as error:  # plug-ins raise whatever damaged metadata make them
        fault: Exception = error
    for names in DROPPABLE:
        if all(getattr(metadata, name) for name in names):
            less = replace(metadata, **dict.fromkeys(names, b""))
            with suppress(Exception):
                data = _save(pixels, less, chosen, options)
                lost = " and ".join(name.upper() for name in names)
                return data, (f"{chosen} cannot hold the damaged {lost} data, which are dropped",)
    raise PictureError(f"the picture cannot be written as {chosen}: {fault}") from fault


def to_image(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """Return Pillow's image of (H, W, C) samples."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _save(
    pixels: npt.NDArray[np.uint8], metadata: Metadata, chosen: str, options: dict[str, Any]
) -> bytes:
    """Return a file by Pillow. Raises what its plug-in raises."""
    options = dict(options)
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if (dpi := density.density_of(metadata.exif)) and max(dpi) <= DPI_MOST:
        options["dpi"] = dpi
    file = io.BytesIO()
    if chosen == "TIFF":
        options["exif"] = _tiff_tags(metadata)
    elif metadata.exif:
        options["exif"] = EXIF_PREFIX + metadata.exif
    if chosen == "PNG" and metadata.xmp:
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", metadata.xmp.decode())
    elif metadata.xmp:
        options["xmp"] = metadata.xmp
    to_image(pixels).save(file, chosen, **options)
    return file.getvalue()


def _check_lengths(metadata: Metadata) -> None:
    """Raise PictureError for metadata that do not fit into a segment of a JPEG file."""
    for name, data in (("EXIF", metadata.exif), ("XMP", metadata.xmp)):
        if len(data) > JPEG_METADATA_MOST[name]:
            raise PictureError(
                f"{name} data of {len(data):,} bytes do not fit into a JPEG file, which holds "
                f"{JPEG_METADATA_MOST[name]:,}: strip the metadata (--strip), or write .png"
            )


def white(picture: Picture) -> npt.NDArray[np.uint8]:
    """Return how white a picture is, (H, W) 0..255; transparent pixels are not white."""
    pixels = picture.pixels
    opaque = pixels if pixels.shape[2] < 4 else pixels[..., :3]
    grey = np.asarray(to_image(np.ascontiguousarray(opaque)).convert("L"))
    if pixels.shape[2] < 4:
        return grey
    return ((grey.astype(np.uint16) * pixels[..., 3] + 127) // 255).astype(np.uint8)


def _open(data: bytes, formats: tuple[str, ...] | None) -> ImageFile.ImageFile:
    """Return the picture, opened but not decoded, as Image.open does.

    Image.open itself would compare the size with Image.MAX_IMAGE_PIXELS, which holds for the whole
    process. Raises UnidentifiedImageError.
    """
    tried: set[str] = set()
    for load_plugins in (Image.preinit, Image.init, picture_plugins.load):  # common formats first
        load_plugins()
        for name in Image.ID if formats is None else formats:
            if name in tried or name not in Image.OPEN:
                continue
            tried.add(name)
            factory, accept = Image.OPEN[name]
            try:
                verdict = accept is None or accept(data[:PREFIX])
                if verdict and not isinstance(verdict, str):  # a text says why it cannot
                    return factory(io.BytesIO(data), "")
            except REFUSALS:
                continue
    raise UnidentifiedImageError


def _check_size(size: tuple[int, int], limit: int) -> None:
    """Raise LimitError for a picture of more pixels than the limit."""
    width, height = size
    if width * height > limit:
        raise LimitError(f"{width}x{height} pixels are more than the {limit} allowed")


def _plain_mode(image: Image.Image) -> str:
    """Return the mode among L, RGB and RGBA that holds all of an image. Raises PictureError."""
    if image.has_transparency_data or image.mode in ("La", "RGBa"):
        return "RGBA"
    if image.mode == "1":
        return "L"
    if image.mode in ("P", "CMYK", "YCbCr", "HSV", "RGBX"):
        return "RGB"
    raise PictureError(f"pictures of mode {image.mode} are not supported")


def _match_transparency(image: Image.Image) -> None:
    """Scale the transparent colour of a PNG file as Pillow scales its samples to 8 bits.

    Of 16-bit colours Pillow keeps the upper byte, so that alone can be compared.
    """
    clear = image.info.get("transparency")
    layouts = {str(tile[3]) for tile in getattr(image, "tile", ())}
    if isinstance(clear, int) and (factor := {"L;2": 85, "L;4": 17}.get("".join(layouts))):
        image.info["transparency"] = factor * clear
    elif isinstance(clear, tuple) and layouts == {"RGB;16B"}:
        image.info["transparency"] = tuple(sample >> 8 for sample in clear)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of grey 0..65535 as grey 0..255, with alpha if a grey is transparent.

    Raises PictureError for other samples.
    """
    samples = np.asarray(image).astype(np.int64)
    if samples.min() < 0 or samples.max() > 65535:
        raise PictureError(f"samples must be in 0..65535, not {samples.min()}..{samples.max()}")
    grey = ((samples + 128) // 257).astype(np.uint8)
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return Image.fromarray(grey)
    alpha = np.where(samples == clear, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([grey, grey, grey, alpha]))


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image | None:
    """Return a CMYK image as sRGB, None if its profile cannot be used."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        return ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _upright(
    opened: ImageFile.ImageFile, file: bytes
) -> tuple[Image.Image, bytes, tuple[str, ...]]:
    """Return the image turned as its metadata say, its EXIF data without the prefix, and notes.

    EXIF data that Pillow cannot read or write again are carried as they are, but for the
    orientation.
    """
    try:
        image = ImageOps.exif_transpose(opened)
        return image, _exif_of(opened, image), ()
    except MemoryError:
        raise
    except Exception as error:  # damage makes Pillow raise anything
        raw = opened.info.get("exif")
        carried = raw.removeprefix(EXIF_PREFIX) if isinstance(raw, bytes) else b""
        reason = str(error) or type(error).__name__
    xmp = opened.info.get("xmp") or b""
    xmp = xmp.encode(errors="surrogateescape") if isinstance(xmp, str) else xmp
    turned = exif.orientation(carried or file)  # a TIFF file has the form of EXIF data
    if turned == exif.UPRIGHT:
        turned = exif.xmp_orientation(xmp)
    method = TURNS.get(turned)
    image = opened.copy() if method is None else opened.transpose(method)
    if xmp:
        image.info["xmp"] = exif.upright_xmp(xmp)
    outcome = "are carried as they are" if carried else "are dropped"
    return image, exif.upright(carried), (f"the EXIF data are damaged ({reason}) and {outcome}",)


def _exif_of(opened: Image.Image, upright: Image.Image) -> bytes:
    """Return EXIF data without the prefix."""
    if opened.format != "TIFF":
        return bytes(upright.info.get("exif") or b"").removeprefix(EXIF_PREFIX)
    tags = _about_the_picture(opened.getexif())
    return tags.tobytes().removeprefix(EXIF_PREFIX) if len(tags) else b""


def _about_the_picture(source: Image.Exif) -> Image.Exif:
    """Return the tags that are not about the layout of a TIFF file."""
    exif = Image.Exif()
    for tag in TIFF_TAGS:
        if tag in source:
            exif[tag] = source[tag]
    for ifd in TIFF_IFDS:
        if content := source.get_ifd(ifd):
            exif[ifd] = content
    return exif


def _tiff_tags(metadata: Metadata) -> Image.Exif:
    """Return EXIF and XMP in the form in which Pillow writes them into a TIFF file."""
    carried, exif = Image.Exif(), Image.Exif()
    carried.load(metadata.exif)
    exif.load(_about_the_picture(carried).tobytes())
    if metadata.xmp:
        exif[TIFF_XMP] = metadata.xmp
    return exif
