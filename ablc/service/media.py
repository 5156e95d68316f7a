"""Media types: of the bodies of requests, and of the responses that clients accept."""

from dataclasses import dataclass

from PIL import Image

from ablc.service.problems import ProblemError

OCTETS = "application/octet-stream"
FORM = "multipart/form-data"
STREAM = "image/x-ablc"
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
    MediaType("ppm", "image/x-portable-pixmap", "PPM"),
    RAW,
)  # the first is preferred if a client accepts several equally
READABLE = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/jp2": "JPEG2000",
    "image/x-portable-pixmap": "PPM",
    "image/x-portable-anymap": "PPM",
}  # media type -> Pillow's format. Not EPS and the like, which Pillow reads by other programs.


def writable_pictures() -> tuple[MediaType, ...]:
    """Return those of PICTURES that the installed Pillow can write."""
    Image.init()
    return tuple(media for media in PICTURES if not media.format or media.format in Image.SAVE)


def formats(content_type: str) -> tuple[str, ...]:
    """Return Pillow's formats for a type of READABLE; all of them for any other type."""
    Image.init()
    names = [READABLE[content_type]] if content_type in READABLE else READABLE.values()
    return tuple(name for name in dict.fromkeys(names) if name in Image.OPEN)


def plain(content_type: str) -> str:
    """Return a media type without its parameters; OCTETS if there is none."""
    return content_type.partition(";")[0].strip().lower() or OCTETS


def is_stream(kind: str, data: bytes) -> bool:
    """True if a body of that type is read as a stream."""
    return kind == STREAM or (kind == OCTETS and data.startswith(MAGIC))


def check(content_type: str, allowed: tuple[str, ...]) -> str:
    """Return the plain type of a request. Raises ProblemError 415 if it is not allowed."""
    kind = plain(content_type)
    if kind not in allowed:
        raise ProblemError(415, f"the body is {kind}, expected {', '.join(allowed)}")
    return kind


def choose(accept: str, name: str | None, offered: tuple[MediaType, ...]) -> MediaType:
    """Return the offered media type that suits a client best.

    accept: the header. Among equal weights the more specific range comes first, then the order of
        offered.
    name: name of a media type, which overrides the header.
    Raises ProblemError 406 if no offered type is accepted, 422 if name is not offered.
    """
    if name is not None:
        for media in offered:
            if media.name == name:
                return media
        names = ", ".join(media.name for media in offered)
        raise ProblemError(422, f"format: {name} is not available here, expected {names}")
    ranges = _ranges(accept) or {"*/*": 1.0}
    weighted = [(*_weight(ranges, media.type), media) for media in offered]
    weight, _, best = max(weighted, key=lambda entry: entry[:2])  # the first of equals
    if weight == 0:
        types = ", ".join(media.type for media in offered)
        raise ProblemError(406, f"no acceptable response type: available are {types}")
    return best


def _weight(ranges: dict[str, float], kind: str) -> tuple[float, int]:
    """Return the weight of a type, and how specific its range is (RFC 9110, 12.5.1)."""
    group = kind.partition("/")[0]
    for specificity, name in ((2, kind), (1, f"{group}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], specificity
    return 0.0, 0


def _ranges(accept: str) -> dict[str, float]:
    """Return the media ranges and their weights; a malformed weight counts as 1."""
    ranges = {}
    for part in accept.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        if not name:
            continue
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = _quality_value(parameter[2:])
        ranges[name] = weight
    return ranges


def _quality_value(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
