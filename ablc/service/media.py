"""Kinds of pictures by their media types: what a request brings, and what its client wants back."""

from dataclasses import dataclass

from PIL import Image

from ablc.service.problems import ProblemError

OCTETS = "application/octet-stream"
FORM = "multipart/form-data"
STREAM = "image/x-ablc"
MARK = b"ABL"  # how every stream begins (docs/FORMAT.md, Header)


@dataclass(frozen=True, slots=True)
class Media:
    """A kind of answer."""

    name: str  # as the parameter format has it
    type: str
    format: str = ""  # Pillow's name; empty: not by way of Pillow


ABLC = Media("ablc", STREAM)
PNG = Media("png", "image/png", "PNG")
RAW = Media("raw", OCTETS)
JSON = Media("json", "application/json")
ANSWERS = (
    PNG,
    Media("webp", "image/webp", "WEBP"),
    Media("jpeg", "image/jpeg", "JPEG"),
    Media("avif", "image/avif", "AVIF"),
    Media("ppm", "image/x-portable-pixmap", "PPM"),
    RAW,
)  # pictures, the one first that is preferred when a client does not care
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
}  # Pillow's formats by type. No EPS and the like, which other programs would read.


def pictures() -> tuple[Media, ...]:
    """Those answers that this Pillow can write."""
    Image.init()
    return tuple(media for media in ANSWERS if not media.format or media.format in Image.SAVE)


def formats(content_type: str) -> tuple[str, ...]:
    """Pillow's formats for a type of READABLE, or for octets, which may be any of them."""
    Image.init()
    names = [READABLE[content_type]] if content_type in READABLE else READABLE.values()
    return tuple(name for name in dict.fromkeys(names) if name in Image.OPEN)  # not all have all


def plain(content_type: str) -> str:
    """A media type without its parameters; octets if there is none."""
    return content_type.partition(";")[0].strip().lower() or OCTETS


def is_stream(kind: str, data: bytes) -> bool:
    """Whether data of a type is to be taken for a stream."""
    return kind == STREAM or (kind == OCTETS and data.startswith(MARK))


def check(content_type: str, allowed: tuple[str, ...]) -> str:
    """The plain type of a request. Raises ProblemError 415 unless it is one of those allowed."""
    found = plain(content_type)
    if found not in allowed:
        raise ProblemError(415, f"the body is {found}, wanted {', '.join(allowed)}")
    return found


def choose(accept: str, wanted: str | None, offered: tuple[Media, ...]) -> Media:
    """The answer that suits a client best, of those offered.

    accept: the header; of equal weights the more specific range wins, then the order of offered.
    wanted: name of a media, which overrules the header.
    Raises ProblemError 406 if none suits, 422 if wanted is not offered.
    """
    if wanted is not None:
        for media in offered:
            if media.name == wanted:
                return media
        names = ", ".join(media.name for media in offered)
        raise ProblemError(422, f"format: {wanted} is not to be had here, but {names}")
    ranges = _ranges(accept) or {"*/*": 1.0}
    weighed = [(*_weight(ranges, media.type), media) for media in offered]
    weight, _, best = max(weighed, key=lambda entry: entry[:2])  # the first of equals
    if weight == 0:
        raise ProblemError(406, f"on offer are {', '.join(media.type for media in offered)}")
    return best


def _weight(ranges: dict[str, float], kind: str) -> tuple[float, int]:
    """The weight of a type, and how specific the range is that says so (RFC 9110, 12.5.1)."""
    group = kind.partition("/")[0]
    for specific, name in ((2, kind), (1, f"{group}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], specific
    return 0.0, 0


def _ranges(accept: str) -> dict[str, float]:
    """Media ranges and their weights; what is no weight counts as 1."""
    ranges = {}
    for part in accept.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        if not name:
            continue
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = _number(parameter[2:])
        ranges[name] = weight
    return ranges


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
