"""What the page shows of a picture: its stream beside other codecs' files of the same size."""

import base64
import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ablc import inspection, metrics, pictures
from ablc.arrays import Pixels
from ablc.drawing.report_maps import LabelledMap, kept_and_bits
from ablc.drawing.view import opaque
from ablc.peers.codec import Codec
from ablc.peers.equal_bytes import largest_within
from ablc.peers.libraries import pillow_codec
from ablc.pictures import Picture
from ablc.service import jobs
from ablc.service.jobs import Answer, Source
from ablc.service.queries import EncodeQuery

PIXELS_MOST = 1_000_000  # of a picture: the answer comes while somebody waits at a slider
MAP_QUALITY = 90  # of drawings
WHITE_LEAST = 128  # grey from which a region's mask counts as inside
QUALITIES = tuple(range(1, 101))
PEERS = (  # Pillow's name, media type, and its writer as a codec
    ("JPEG", "image/jpeg", pillow_codec("JPEG", QUALITIES, progressive=True, optimize=True)),
    ("AVIF", "image/avif", pillow_codec("AVIF", QUALITIES, speed=8, max_threads=1)),
)

Inside = npt.NDArray[np.bool_]  # (H, W)


def make(source: Source, query: EncodeQuery, max_pixels: int) -> Answer:
    """Stream, peers and maps as JSON; files are in base64.

    Raises LimitError for a picture of more than PIXELS_MOST, or max_pixels.
    """
    height, width, channels = source.picture.pixels.shape
    jobs.check_pixels(height, width, min(max_pixels, PIXELS_MOST))
    stream = bytes(jobs.encode(source, query).body)
    coding = inspection.coding_map(stream, max_pixels=max_pixels)
    original = np.asarray(opaque(source.picture.pixels))  # (H, W, 3)
    inside = None if source.white is None else source.white >= WHITE_LEAST
    kept, bits = kept_and_bits(coding, None)
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
        "kept": _drawn(kept),
        "bits": {**_drawn(bits), "colours": bits.colours, "ticks": bits.ticks},
    }
    return Answer(json.dumps(told).encode(), (height, width, channels))


def _peer(
    name: str, kind: str, codec: Codec, original: Pixels, size: int, inside: Inside | None
) -> dict[str, Any]:
    """A codec's file of at most size bytes, as JSON has it."""
    coded = largest_within(codec, original, size)
    return {
        "name": name,
        "type": kind,
        "file": _text(coded.data),
        "bytes": len(coded.data),
        "quality": coded.quality,
        "fits": coded.fits,
        "psnr": _psnr(original, codec.decode(coded.data), inside),
    }


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


def _drawn(drawing: LabelledMap) -> dict[str, str]:
    """A JPEG file and what is written below it."""
    file = pictures.pack(Picture(drawing.pixels), "JPEG", MAP_QUALITY)
    return {"picture": _text(file), "about": drawing.detail}


def _text(data: bytes) -> str:
    """Base64, for JSON."""
    return base64.b64encode(data).decode()
