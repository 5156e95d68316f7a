"""A picture's stream beside other codecs' files of the same number of bytes, for the page."""

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
from ablc.service import jobs, media
from ablc.service.jobs import LoadedPicture, Payload
from ablc.service.queries import EncodeQuery

PIXELS_MOST = 1_000_000  # of a picture: a person waits for the response while moving a slider
MAP_QUALITY = 90  # of the JPEG files of the maps
WHITE_LEAST = 128  # grey level from which a sample of a region's mask is inside
QUALITIES = tuple(range(1, 101))
PEERS = (  # Pillow's name, media type, and its encoder as a codec
    ("JPEG", "image/jpeg", pillow_codec("JPEG", QUALITIES, progressive=True, optimize=True)),
    ("AVIF", "image/avif", pillow_codec("AVIF", QUALITIES, speed=8, max_threads=1)),
)

Inside = npt.NDArray[np.bool_]  # (H, W)


def encode(loaded: LoadedPicture, query: EncodeQuery, max_pixels: int) -> bytes:
    """Return the stream to compare.

    Raises LimitError for a picture of more than PIXELS_MOST or max_pixels.
    """
    height, width, _ = loaded.picture.pixels.shape
    jobs.check_pixels(height, width, min(max_pixels, PIXELS_MOST))
    return bytes(jobs.encode(loaded, query).body)


def make(loaded: LoadedPicture, stream: bytes, painted: Pixels | None, max_pixels: int) -> Payload:
    """Return stream, peers and maps as JSON; files are in base64.

    painted: the stream's picture as its painter has it, (H, W, C); None: it names none.
    """
    height, width, channels = loaded.picture.pixels.shape
    coding_map = inspection.coding_map(stream, max_pixels=max_pixels)
    original = np.asarray(opaque(loaded.picture.pixels))  # (H, W, 3)
    inside = None if loaded.roi_mask is None else loaded.roi_mask >= WHITE_LEAST
    kept, bits = kept_and_bits(coding_map, None)
    compared = {
        "width": width,
        "height": height,
        "stream": _base64(stream),
        "bytes": len(stream),
        "picture": _base64(pictures.pack(Picture(coding_map.image))),
        "psnr": _psnr(original, np.asarray(opaque(coding_map.image)), inside),
        "painted": None
        if painted is None
        else {
            "picture": _base64(pictures.pack(Picture(painted))),
            "psnr": _psnr(original, np.asarray(opaque(painted)), inside),
        },
        "peers": [
            _peer(*peer, original, len(stream), inside) for peer in PEERS if _can_write(peer[0])
        ],
        "kept": _map_file(kept),
        "bits": {**_map_file(bits), "colours": bits.colours, "ticks": bits.ticks},
    }
    return Payload(json.dumps(compared).encode(), (height, width, channels), media.JSON)


def _peer(
    name: str, kind: str, codec: Codec, original: Pixels, most: int, inside: Inside | None
) -> dict[str, Any]:
    """Return a codec's largest file of at most that many bytes, as JSON has it."""
    coded = largest_within(codec, original, most)
    return {
        "name": name,
        "type": kind,
        "file": _base64(coded.data),
        "bytes": len(coded.data),
        "quality": coded.quality,
        "fits": coded.fits,
        "psnr": _psnr(original, codec.decode(coded.data), inside),
    }


def _can_write(name: str) -> bool:
    """True if the installed Pillow writes a format."""
    Image.init()
    return name in Image.SAVE


def _psnr(first: Pixels, second: Pixels, inside: Inside | None) -> dict[str, float | None]:
    """Return PSNR in dB by part of the picture; None for equal parts. Empty parts are left out."""
    parts = {"whole": np.ones(first.shape[:2], np.bool_)}
    if inside is not None:
        parts |= {"inside": inside, "outside": ~inside}
    psnr_by_part = {
        name: metrics.psnr(first[part], second[part]) for name, part in parts.items() if part.any()
    }
    return {name: psnr if math.isfinite(psnr) else None for name, psnr in psnr_by_part.items()}


def _map_file(drawing: LabelledMap) -> dict[str, str]:
    """Return a map as a JPEG file in base64, with its caption."""
    file = pictures.pack(Picture(drawing.pixels), "JPEG", MAP_QUALITY)
    return {"picture": _base64(file), "about": drawing.detail}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
