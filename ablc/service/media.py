"""Media types: of the bodies of requests, and of the responses that clients accept."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from ablc import picture_plugins
from ablc.service.problems import ProblemError

OCTETS = "application/octet-stream"
FORM = "multipart/form-data"
STREAM = "image/x-ablc"
QUALITY_VALUE = r"[0-9]+(\.[0-9]*)?|\.[0-9]+"
MAGIC = b"ABL"  # first bytes of every stream (docs/FORMAT.md, Header)


@dataclass(frozen=True, slots=True)
class MediaType:
    """A type of response."""

    name: str  # value of the parameter format
    type: str
    format: str = ""  # Pillow's name; empty: not written by Pillow


ABLC = MediaType("ablc", STREAM)
PNG = MediaType("png", "image/png", "PNG")
RAW = MediaType("raw", OCTETS)
JSON = MediaType("json", "application/json")
PICTURES = (
    PNG,
    MediaType("webp", "image/webp", "WEBP"),
    MediaType("jpeg", "image/jpeg", "JPEG"),
    MediaType("avif", "image/avif", "AVIF"),
    MediaType("jxl", "image/jxl", "JXL"),
    MediaType("heic", "image/heic", "HEIF"),
    MediaType("ppm", "image/x-portable-pixmap", "PPM"),
    RAW,
)  # the first is preferred if a client accepts several equally
KNOWN = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/jp2": "JPEG2000",
    "image/jxl": "JXL",
    "image/heic": "HEIF",
    "image/x-portable-pixmap": "PPM",
    "image/x-portable-anymap": "PPM",
}  # media type -> Pillow's format. Not EPS and the like, which Pillow reads by other programs.
SYNONYMS = {
    "image/jpg": "image/jpeg",
    "image/x-jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-citrix-jpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-citrix-png": "image/png",
    "image/apng": "image/png",
    "image/vnd.mozilla.apng": "image/png",
    "image/x-webp": "image/webp",
    "image/tif": "image/tiff",
    "image/x-tiff": "image/tiff",
    "image/x-tif": "image/tiff",
    "image/x-bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/x-windows-bmp": "image/bmp",
    "image/x-ppm": "image/x-portable-pixmap",
    "image/x-portable-graymap": "image/x-portable-anymap",
    "image/x-portable-bitmap": "image/x-portable-anymap",
    "image/heif": "image/heic",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heic",
    "binary/octet-stream": OCTETS,  # Amazon S3
}  # in requests; responses have the type on the right
UNDECLARED = ("image/*", "*/*")  # Content-Type of apps that do not know the format of a file
NAMES = {"jpg": "jpeg", "heif": "heic"}  # synonyms of the names of media types


def _installed(known: dict[str, str]) -> dict[str, str]:
    """Return the types that the installed Pillow and its plug-ins read."""
    picture_plugins.load()
    return {kind: name for kind, name in known.items() if name in Image.OPEN}


READABLE = _installed(KNOWN)


def writable_pictures() -> tuple[MediaType, ...]:
    """Return those of PICTURES that the installed Pillow and its plug-ins can write."""
    return tuple(media for media in PICTURES if not media.format or media.format in Image.SAVE)


def formats(content_type: str) -> tuple[str, ...]:
    """Return Pillow's formats for a type of READABLE; all of them for any other type."""
    names = [READABLE[content_type]] if content_type in READABLE else READABLE.values()
    return tuple(dict.fromkeys(names))


def plain(content_type: str) -> str:
    """Return a media type by its usual name, without parameters; OCTETS if it names no format."""
    kind = content_type.partition(";")[0].strip().lower()
    return OCTETS if kind in ("", *UNDECLARED) else SYNONYMS.get(kind, kind)


def is_stream(kind: str, data: bytes) -> bool:
    """True if a body of that type is read as a stream."""
    return kind == STREAM or (kind == OCTETS and data.startswith(MAGIC))


def check(content_type: str, allowed: tuple[str, ...]) -> str:
    """Return the plain type of a request. Raises ProblemError 415 if it is not allowed."""
    kind = plain(content_type)
    if kind not in allowed:
        raise ProblemError(415, f"the body is {kind}, expected {', '.join(allowed)}")
    return kind


def choose(accept: str, name: str | None, offered: tuple[MediaType, ...]) -> tuple[MediaType, ...]:
    """Return the offered media types that a client accepts, the one that suits it best first.

    accept: the header. Among equal weights the more specific range comes first, then the order of
        offered.
    name: name of a media type, which overrides the header.
    Raises ProblemError 406 if no offered type is accepted, 422 if name is not offered.
    """
    if name is not None:
        name = NAMES.get(name, name)
        for media in offered:
            if media.name == name:
                return (media,)
        names = ", ".join(media.name for media in offered)
        raise ProblemError(422, f"format: {name} is not available here, expected {names}")
    ranges = _ranges(accept) or {"*/*": 1.0}
    weights = {media: _weight(ranges, media.type) for media in offered}
    accepted = [media for media in offered if weights[media][0] > 0]
    if not accepted:
        types = ", ".join(media.type for media in offered)
        raise ProblemError(406, f"no acceptable response type: available are {types}")
    return tuple(sorted(accepted, key=weights.__getitem__, reverse=True))  # equals keep their order


def pictures_of(types: Iterable[MediaType]) -> tuple[MediaType, ...]:
    """Return the types of pictures among some: not a stream, nor JSON."""
    return tuple(media for media in types if media.format or media == RAW)


def _weight(ranges: dict[str, float], kind: str) -> tuple[float, int]:
    """Return the weight of a type, and how specific its range is (RFC 9110, 12.5.1)."""
    group = kind.partition("/")[0]
    for specificity, name in ((2, kind), (1, f"{group}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], specificity
    return 0.0, 0


def _ranges(accept: str) -> dict[str, float]:
    """Return the media ranges and their weights; a malformed weight counts as 1."""
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        if not name:
            continue
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = _quality_value(parameter[2:])
        kind = SYNONYMS.get(name, name)
        ranges[kind] = max(weight, ranges.get(kind, 0.0))
    return ranges


def _quality_value(text: str) -> float:
    return min(float(text), 1.0) if re.fullmatch(QUALITY_VALUE, text) else 1.0
