"""StackGAN's second stage as a codec: a picture of a quarter of the sides, and its classes.

Zhang et al., arXiv:1612.03242: a first generator makes a small picture from a caption, a second one
makes a large picture from both. Here the small picture is the reduced original, encoded like any
other, and shares of ImageNet's classes, in section CLSS of its stream, take the place of the
caption. The network paints all detail finer than FACTOR pixels.

A file is a stream (docs/FORMAT.md) of the small picture, (ceil(H / 4), ceil(W / 4)). If H or W is
not a multiple of 4, one byte comes first:

    bits   meaning
    7..4   0
    3..2   4 ceil(H / 4) - H
    1..0   4 ceil(W / 4) - W

This byte is never 0, and no stream begins with it, so a file without it is an ordinary stream.
"""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

import ablc
from ablc import _core
from ablc.arguments import check_image
from ablc.arrays import Floats, Pixels
from ablc.errors import LimitError, StreamError
from ablc.options import check_whole
from ablc.settings import Provider, pixel_limit

if TYPE_CHECKING:  # else imported by the functions: needs ONNX Runtime, an extra
    from ablc.runtime.painter import Painter
    from ablc.runtime.session import Session
    from ablc.runtime.tiles import WindowPlan

FACTOR = 4  # of the sides
NETWORK, CONDITION = "stage2-small", "condition-small"


def encode(
    image: Pixels, *, quality: float, label: int | None = None, threads: int | None = None
) -> bytes:
    """Return a picture as a file of this module.

    image: (H, W), (H, W, 1) or (H, W, 3) uint8: grey, sRGB; H and W in 1..65535.
    quality: of the small picture, 1..100, as ablc.encode takes it.
    label: the picture's class in ImageNet, 0..999; default: shares of several classes, found by the
        condition network.
    threads: default: one per core.

    Raises ValueError for any other argument, including transparent pictures; without a label also
    ModelError and ProviderError, as ablc.decode does.
    """
    pixels = check_image(image)
    height, width, channels = pixels.shape
    if channels == 4:
        raise ValueError("stage II supports no transparency: compose the picture over a background")
    from ablc.runtime import assistance

    if label is None:
        shares = _shares(pixels, threads)
    else:
        check_whole("label", label, 0, assistance.CLASSES - 1)
        shares = np.zeros(assistance.CLASSES, np.float32)
        shares[label] = 1
    small = ablc.encode(shrunk(pixels, FACTOR), quality=quality, threads=threads)
    data = _core.Stream(small).with_sections({"CLSS": assistance.pack_classes(shares)})
    beyond = FACTOR * (-height % FACTOR) + -width % FACTOR
    return bytes([beyond]) + data if beyond else data


def decode(
    data: bytes,
    *,
    provider: Provider = "auto",
    threads: int | None = None,
    max_pixels: int | None = None,
) -> Pixels:
    """Return the picture of a file of this module, (H, W, C) uint8 with C 1 (grey) or 3 (sRGB).

    Large pictures go through the network in tiles, as in ablc.decode. Without a section CLSS in the
    stream, the classes are unknown to the network.

    provider, threads: as ablc.decode takes them.
    max_pixels: limit of the picture's pixels; default: PIL.Image.MAX_IMAGE_PIXELS.

    Raises StreamError for damaged or other bytes, LimitError beyond max_pixels, ModelError if the
    network is missing or damaged, ProviderError if it cannot run.
    """
    from ablc.runtime import assistance, fill, registry, session, tiles

    stream, height, width = _parse(data, pixel_limit(max_pixels))
    small = ablc.decode(stream, fill="classical", threads=threads, max_pixels=max_pixels)
    channels = small.shape[2]
    classes = _core.Stream(stream).section("CLSS")
    label = (
        np.zeros(assistance.CLASSES, np.float32)
        if classes is None
        else assistance.parse_classes(classes)
    )
    painter, card = _painter(provider, threads), registry.card(NETWORK)
    plan = painter.plan(card, height, width)
    picture = np.empty((height, width, channels), np.uint8)
    sizes = session.named_sizes(1, *plan.side) if painter.layout(card).fixed else ()
    windows = _painted(small, label, plan, painter.sessions.get(card, sizes))
    for y, strip in tiles.Blend(plan).strips(windows):
        shown = fill.as_channels(strip[:, : height - y, :width], channels)
        picture[y : y + shown.shape[1]] = np.rint(255 * shown.clip(0, 1)).transpose(1, 2, 0)
    return picture


def shrunk(picture: Pixels, factor: int) -> Pixels:
    """Return means of boxes, (ceil(H / factor), ceil(W / factor), C), the border repeated."""
    height, width, channels = picture.shape
    beyond = ((0, -height % factor), (0, -width % factor), (0, 0))
    whole = np.pad(picture, beyond, mode="edge")
    rows, columns = whole.shape[0] // factor, whole.shape[1] // factor
    boxes = whole.reshape(rows, factor, columns, factor, channels)
    means: Floats = boxes.mean(axis=(1, 3), dtype=np.float32)
    return np.rint(means).astype(np.uint8)


def _parse(data: bytes, most: int) -> tuple[bytes, int, int]:
    """Return the stream in a file, and height and width of the picture of at most `most` pixels.

    Raises StreamError and LimitError.
    """
    first = data[0] if data else 0
    beyond = first if first < FACTOR**2 else 0
    stream = data[1:] if beyond else data
    header = _core.Stream(stream, max_pixels=most).header
    if header.channels == 4:
        raise StreamError("the small picture has an alpha channel, which stage II does not support")
    height = FACTOR * header.height - beyond // FACTOR
    width = FACTOR * header.width - beyond % FACTOR
    if height * width > most:
        raise LimitError(f"{width}x{height} pixels exceeds the limit of {most} pixels")
    return stream, height, width


@functools.lru_cache(maxsize=2)
def _painter(provider: Provider, threads: int | None) -> "Painter":
    """Return the painter of encode() and decode(), whose networks stay loaded."""
    from ablc.runtime.painter import Painter

    return Painter(provider, threads)


def _shares(pixels: Pixels, threads: int | None) -> Floats:
    """Return shares of the classes in a picture, (1000,); a large picture is reduced before."""
    from ablc.runtime import assistance_encoder, fill, registry, tiles

    height, width, _ = pixels.shape
    factor = 1
    while -(-height // factor) * -(-width // factor) > assistance_encoder.PIXELS_MAX:
        factor += 1
    seen = shrunk(pixels, factor)
    whole = tiles.plan(*seen.shape[:2], whole=assistance_encoder.PIXELS_MAX, tile=tiles.MULTIPLE)
    picture = fill.planes_of(seen, whole.windows_at(0)[0])
    session = _painter("auto", threads).sessions.get(registry.card(CONDITION))
    log_shares = session.run({"picture": picture[np.newaxis]})[0][0]
    return np.asarray(np.exp(log_shares), np.float32)


def _painted(
    small: Pixels, label: Floats, plan: "WindowPlan", session: "Session"
) -> Iterator[Iterator[Floats]]:
    """Yield the painted windows of each row of a plan, (3, h, w) each."""
    from ablc.runtime import fill
    from ablc.runtime.tiles import Window

    def paint(window: Window) -> Floats:
        y, x, height, width = (n // FACTOR for n in (window.y, window.x, *plan.side))
        low = fill.planes_of(small, Window(y, x, height, width))
        painted = session.run({"low": low[np.newaxis], "label": label[np.newaxis]})[0][0]
        return np.asarray(painted, np.float32)

    for y in plan.rows:
        yield map(paint, plan.windows_at(y))
