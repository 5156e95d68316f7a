"""What the page shows of a picture: its stream beside other codecs' files of the same size."""

import base64
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ablc import heat, info, map_sheet, metrics, pictures
from ablc.panels import Panel
from ablc.pictures import Picture
from ablc.service import jobs
from ablc.service.jobs import Answer, Pixels, Source
from ablc.service.queries import EncodeQuery
from ablc.view import View, opaque

PIXELS_MOST = 1_000_000  # of a picture: the answer comes while somebody waits at a slider
MAP_QUALITY = 90  # of drawings
WHITE_LEAST = 128  # grey from which a region's mask counts as inside
PEERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("JPEG", "image/jpeg", {"progressive": True, "optimize": True}),
    ("AVIF", "image/avif", {"speed": 8, "max_threads": 1}),
)  # Pillow's name, media type, options of its writer

Inside = npt.NDArray[np.bool_]  # (H, W)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A file of a lossy codec, and the quality that made it."""

    data: bytes
    quality: int  # 1..100
    fits: bool  # it takes no more bytes than were allowed


def make(source: Source, query: EncodeQuery, max_pixels: int) -> Answer:
    """Stream, peers and maps as JSON; files are in base64.

    Raises LimitError for a picture of more than PIXELS_MOST, or max_pixels.
    """
    height, width, channels = source.picture.pixels.shape
    jobs.check_pixels(height, width, min(max_pixels, PIXELS_MOST))
    stream = bytes(jobs.encode(source, query).body)
    coding = info.coding_map(stream, max_pixels=max_pixels)
    original = np.asarray(opaque(source.picture.pixels))  # (H, W, 3)
    inside = None if source.white is None else source.white >= WHITE_LEAST
    view = View.of(height, width)
    shown = view.picture(coding.image)
    scale = heat.bits_scale(coding.bpp)
    told = {
        "width": width,
        "height": height,
        "stream": _text(stream),
        "bytes": len(stream),
        "picture": _text(pictures.pack(Picture(coding.image))),
        "psnr": _psnr(original, np.asarray(opaque(coding.image)), inside),
        "peers": [
            _peer(*peer, original, len(stream), inside) for peer in PEERS if _writes(peer[0])
        ],
        "kept": _panel(map_sheet.kept_panel(coding, shown, view)),
        "bits": {
            **_panel(map_sheet.bits_panel(coding, shown, view)),
            "colours": [list(colour) for colour in scale.anchors],
            "ticks": [[float(scale.position(value)), text] for value, text in scale.ticks],
        },
    }
    return Answer(json.dumps(told).encode(), (height, width, channels))


def largest_within(encode: Callable[[int], bytes], size: int) -> Fitted:
    """The largest file of at most size bytes that a quality gives; the smallest if none fits.

    encode: a file for a quality 1..100; files are taken to grow with it.
    """
    best: Fitted | None = None
    low, high = 1, 100
    while low <= high:
        quality = (low + high) // 2
        data = encode(quality)
        if len(data) <= size:
            best, low = Fitted(data, quality, fits=True), quality + 1
        else:
            high = quality - 1
    return best or Fitted(encode(1), 1, fits=False)


def _peer(
    name: str,
    kind: str,
    options: dict[str, Any],
    original: Pixels,
    size: int,
    inside: Inside | None,
) -> dict[str, Any]:
    """A codec's file of at most size bytes, as JSON has it."""
    fitted = largest_within(partial(_write, Image.fromarray(original), name, options), size)
    with Image.open(io.BytesIO(fitted.data)) as opened:
        decoded = np.asarray(opened.convert("RGB"))
    return {
        "name": name,
        "type": kind,
        "file": _text(fitted.data),
        "bytes": len(fitted.data),
        "quality": fitted.quality,
        "fits": fitted.fits,
        "psnr": _psnr(original, decoded, inside),
    }


def _write(image: Image.Image, name: str, options: dict[str, Any], quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, name, quality=quality, **options)
    return file.getvalue()


def _writes(name: str) -> bool:
    """Whether this Pillow writes a format."""
    Image.init()
    return name in Image.SAVE


def _psnr(first: Pixels, second: Pixels, inside: Inside | None) -> dict[str, float | None]:
    """PSNR in dB by part of the picture, None where nothing differs; empty parts are left out."""
    parts = {"whole": np.ones(first.shape[:2], np.bool_)}
    if inside is not None:
        parts |= {"inside": inside, "outside": ~inside}
    found = {
        name: metrics.psnr(first[part], second[part]) for name, part in parts.items() if part.any()
    }
    return {name: psnr if math.isfinite(psnr) else None for name, psnr in found.items()}


def _panel(panel: Panel) -> dict[str, str]:
    """A JPEG file and what is written below it."""
    file = pictures.pack(Picture(panel.pixels), "JPEG", MAP_QUALITY)
    return {"picture": _text(file), "about": panel.detail}


def _text(data: bytes) -> str:
    """Base64, for JSON."""
    return base64.b64encode(data).decode()
