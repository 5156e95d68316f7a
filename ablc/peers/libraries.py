"""Codecs to compare ablc with, by name.

Libraries are imported with their codecs, so that a missing library costs no other codec.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ablc.arrays import Pixels
from ablc.peers import video
from ablc.peers.codec import Codec, MissingCodecError
from ablc.peers.writers import imported, pillow_decode, pillow_encode, pillow_version
from ablc.peers.writers import pillow_codec as pillow_codec

JPEG_QUALITIES = (1, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 85, 92)
AVIF_IQ_QUALITIES = (
    *(0, 5, 8, 12, 16, 20, 25, 30, 35, 40),
    *(45, 50, 55, 60, 65, 70, 75, 82, 88, 94),
)
AVIF_SSIM_QUALITIES = (0, 5, 10, 16, 22, 28, 35, 42, 49, 56, 63, 70, 78, 87)


def peer(name: str) -> Codec:
    """Return a lossy codec by name.

    Raises ValueError for an unknown name, MissingCodecError if the library is not installed.
    """
    return _named(name, PEERS)


def lossless_peer(name: str) -> Codec:
    """Return a lossless codec by name; raises as peer() does."""
    return _named(name, LOSSLESS_PEERS)


def _named(name: str, makers: Mapping[str, Callable[[], Codec]]) -> Codec:
    if name not in makers:
        raise ValueError(f"unknown codec {name!r}: expected one of {', '.join(makers)}")
    return makers[name]()


# --- lossy ----------------------------------------------------------------------------------------


def _jpeg() -> Codec:
    return Codec(
        "JPEG",
        "progressive, optimised Huffman tables, 4:2:0",
        f"libjpeg-turbo {pillow_version('jpg', 'libjpeg_turbo')}",
        pillow_encode("JPEG", optimize=True, progressive=True),
        pillow_decode,
        JPEG_QUALITIES,
    )


def _baseline_jpeg() -> Codec:
    return Codec(
        "JPEG baseline",
        "baseline, optimised Huffman tables, 4:2:0",
        f"libjpeg-turbo {pillow_version('jpg', 'libjpeg_turbo')}",
        pillow_encode("JPEG", optimize=True),
        pillow_decode,
        JPEG_QUALITIES,
    )


def _mozjpeg() -> Codec:
    pyvips = imported("pyvips", "'pyvips[binary]>=3'")
    pyvips.cache_set_max(0)  # else libvips keeps pictures
    if not _has_mozjpeg(pyvips):
        raise MissingCodecError("this libvips has no mozjpeg: pip install 'pyvips[binary]>=3'")
    return Codec(
        "mozjpeg",
        "progressive, trellis, deringing, optimised scans, quantisation table 3, 4:2:0",
        "mozjpeg of libvips " + ".".join(str(pyvips.version(i)) for i in range(3)),
        functools.partial(_vips_jpeg, pyvips, trellis=True),
        pillow_decode,
        (1, 5, 8, 10, 15, 20, 30, 40, 50, 60, 70, 75, 80, 86, 91),
    )


def _has_mozjpeg(pyvips: Any) -> bool:
    """True if options of mozjpeg have an effect; libvips ignores them without mozjpeg."""
    probe = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    plain, searched = (_vips_jpeg(pyvips, probe, 50, trellis=on) for on in (False, True))
    return plain != searched


def _vips_jpeg(pyvips: Any, picture: Pixels, quality: float, *, trellis: bool) -> bytes:
    searched = {"trellis_quant": True, "overshoot_deringing": True, "optimize_scans": True}
    made = pyvips.Image.new_from_array(picture).jpegsave_buffer(
        Q=int(quality),
        interlace=True,
        optimize_coding=True,
        quant_table=3,
        subsample_mode="on",
        keep="none",
        **(searched if trellis else {}),
    )
    return bytes(made)


def _webp() -> Codec:
    return Codec(
        "WebP m6",
        "lossy, method 6",
        f"libwebp {pillow_version('webp')}",
        pillow_encode("WEBP", method=6),
        pillow_decode,
        (0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95),
    )


def _jpegxl() -> Codec:
    imagecodecs = _imagecodecs()
    return Codec(
        "JPEG XL e7",
        "VarDCT, effort 7, quality = distance, bare codestream",
        _of_imagecodecs(imagecodecs, "libjxl"),
        functools.partial(_jpegxl_encode, imagecodecs, effort=7),
        functools.partial(_jpegxl_decode, imagecodecs),
        (25, 22, 19, 17, 15, 12, 10, 8, 6, 5, 4, 3, 2.5, 2, 1.5, 1.2, 1, 0.7, 0.5),
    )


def _avif(tune: str, speed: int, qualities: tuple[float, ...]) -> Codec:
    """Return AVIF by Pillow: tune iq is what libavif does of itself since 1.4, ssim before."""
    library = f"libavif {pillow_version('avif')}, {_avif_encoder()}"
    options = {"speed": speed, "subsampling": "4:2:0", "max_threads": 1, "advanced": {"tune": tune}}
    encode = pillow_encode("AVIF", **options)
    try:
        encode(np.zeros((16, 16, 3), np.uint8), 50)
    except (OSError, ValueError) as error:
        raise MissingCodecError(
            f"this libavif has no tune={tune} ({error}): pip install 'pillow>=13'"
        ) from error
    return Codec(
        f"AVIF s{speed} {tune}",
        f"speed {speed}, tune={tune}, 8 bits, 4:2:0, 1 thread",
        library,
        encode,
        pillow_decode,
        qualities,
        slow=speed < 6,
    )


def _avif_encoder() -> str:
    """Return name and version of the AV1 encoder inside Pillow."""
    from PIL import _avif  # late: Pillow may lack it; not public, but the version decides the bytes

    versions = str(_avif.codec_versions())
    return next(part.strip() for part in versions.split(",") if "enc" in part)


def _heic() -> Codec:
    pillow_heif = imported("pillow_heif", "pillow-heif")
    pillow_heif.register_heif_opener()
    return Codec(
        "HEIC",
        "HEVC intra, the library's preset, 4:2:0",
        f"pillow-heif {pillow_heif.__version__}, {pillow_heif.libheif_info()['HEIF']}",
        pillow_encode("HEIF"),
        pillow_decode,
        (0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 58, 64, 70),
    )


def _jpeg2000() -> Codec:
    """Return JPEG 2000 with the component transform, which Pillow leaves out by default."""

    def encode(picture: Pixels, bpp: float) -> bytes:
        how = {"quality_mode": "rates", "quality_layers": [24 / bpp], "mct": 1}
        return pillow_encode("JPEG2000", irreversible=True, no_jp2=True, **how)(picture)

    return Codec(
        "JPEG 2000",
        "9/7 wavelet, component transform, quality = bits per pixel, bare codestream",
        f"OpenJPEG {pillow_version('jpg_2000')}",
        encode,
        pillow_decode,
        (0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 1.25, 1.5),
    )


# Sweeps reach from 0.03, or the codec's lowest rate, to 2 bpp, and are dense at 0.05-0.5 bpp;
# those of slow codecs have half as many qualities.
PEERS: Mapping[str, Callable[[], Codec]] = MappingProxyType(
    {
        "JPEG": _jpeg,
        "JPEG baseline": _baseline_jpeg,
        "mozjpeg": _mozjpeg,
        "JPEG 2000": _jpeg2000,
        "WebP m6": _webp,
        "JPEG XL e7": _jpegxl,
        "AVIF s6 iq": functools.partial(_avif, "iq", 6, AVIF_IQ_QUALITIES),
        "AVIF s6 ssim": functools.partial(_avif, "ssim", 6, AVIF_SSIM_QUALITIES),
        "AVIF s3 ssim": functools.partial(_avif, "ssim", 3, AVIF_SSIM_QUALITIES),
        "HEIC": _heic,
        video.X265.name: video.X265.codec,
        video.SVT_AV1.name: video.SVT_AV1.codec,
        video.VVENC.name: video.VVENC.codec,
    }
)

QUICK_PEERS = ("AVIF s6 iq", "AVIF s6 ssim", "x265 slow")  # strong, at less than a second each

# --- lossless -------------------------------------------------------------------------------------


def _png() -> Codec:
    """Return PNG at level 3: above, libpng uses another match finder and loses 2 % on Kodak."""
    imagecodecs = _imagecodecs()

    def encode(picture: Pixels, _quality: float) -> bytes:
        return bytes(imagecodecs.png_encode(picture, level=3))

    library = _of_imagecodecs(imagecodecs, "libpng")
    return Codec("PNG", "level 3", library, encode, imagecodecs.png_decode)


def _lossless_webp() -> Codec:
    return Codec(
        "WebP lossless",
        "method 4",
        f"libwebp {pillow_version('webp')}",
        pillow_encode("WEBP", lossless=True, method=4),
        pillow_decode,
    )


def lossless_jpegxl(effort: int = 3) -> Codec:
    """Return lossless JPEG XL. Raises MissingCodecError without imagecodecs."""
    imagecodecs = _imagecodecs()
    return Codec(
        "JPEG XL lossless",
        f"effort {effort}",
        _of_imagecodecs(imagecodecs, "libjxl"),
        functools.partial(_jpegxl_encode, imagecodecs, effort=effort, lossless=True),
        functools.partial(_jpegxl_decode, imagecodecs),
    )


LOSSLESS_PEERS: Mapping[str, Callable[[], Codec]] = MappingProxyType(
    {"PNG": _png, "WebP lossless": _lossless_webp, "JPEG XL lossless": lossless_jpegxl}
)

# --- libraries ------------------------------------------------------------------------------------


def _jpegxl_encode(
    imagecodecs: Any, picture: Pixels, distance: float, *, effort: int, lossless: bool = False
) -> bytes:
    """Return a JPEG XL file. distance: libjxl's Butteraugli distance, lower is better."""
    how: dict[str, Any] = (
        {"lossless": True} if lossless else {"distance": float(distance), "usecontainer": False}
    )
    return bytes(imagecodecs.jpegxl_encode(picture, effort=effort, numthreads=1, **how))


def _jpegxl_decode(imagecodecs: Any, data: bytes) -> Pixels:
    return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1)[..., :3])


def _imagecodecs() -> Any:
    return imported("imagecodecs", "imagecodecs")


def _of_imagecodecs(imagecodecs: Any, library: str) -> str:
    """Return name and version of a library inside imagecodecs."""
    parts: list[str] = imagecodecs.version().split(", ")
    return next(part for part in parts if part.startswith(f"{library}-"))
