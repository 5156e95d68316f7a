"""Codecs with a region: ablc by importance, the others by the means that they offer.

JPEG, WebP, JPEG XL and AVIF have no regions and encode the picture as it is. "AVIF s6 iq, blur 16"
encodes it with its background Gaussian-blurred (sigma 16, unchanged inside, a ramp of 8 pixels
outside).
"HEVC -12 QP" and "HEVC -18 QP" are x265 with ffmpeg's addroi (x265.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import x265
from measuring import Cache
from regions import Mask, blur_outside, masks_of, scores, scores_fingerprint

import ablc
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.rd.curves import Curve
from ablc.peers.ablc_codec import decode
from ablc.peers.codec import Codec
from ablc.peers.libraries import peer

RATES = (0.15, 0.25)  # bits per pixel at which scores are compared
OVER = 1.06  # factor of the rate of ablc's second file; the first may be 2 % below its rate
SCORES = {"psnr_in": "PSNR inside", "ssim_in": "SSIM inside", "ssim_out": "SSIM outside"}
AVIF = "AVIF s6 iq"
BLURRED = f"{AVIF}, blur 16"
LOWERED = (12, 18)  # QP
HEVC_NAMES = tuple(x265.name_of(lowered) for lowered in LOWERED)

# Sweeps reach from the codec's lowest rate to a file beyond the highest of RATES.
QUALITIES = {
    "JPEG": (1, 5, 8, 12, 18, 28, 45),
    "WebP m6": (0, 1, 5, 12, 25, 45, 65),
    "JPEG XL e7": (25, 19, 14, 10, 7, 5, 3.5, 2.5),
    AVIF: (0, 8, 15, 22, 30, 38, 46, 54),
    BLURRED: (5, 14, 24, 34, 44, 54, 64, 75, 86, 93),
}


@dataclass(frozen=True, slots=True)
class Method:
    """A codec and, if it supports regions, a function that makes a codec for one."""

    codec: Codec
    steer: Callable[[Codec, Pixels, Mask], Codec] | None = None


def blurring(codec: Codec, picture: Pixels, mask: Mask) -> Codec:
    source = functools.cache(lambda: blur_outside(picture, mask, 16))
    return replace(codec, encode=lambda _, quality: codec.encode(source(), quality))


def peers(names: Collection[str] | None = None) -> dict[str, Method]:
    """Return the other codecs by name, without HEVC if there is no ffmpeg for it.

    names: of the codecs; None: all.
    """
    methods = [*(() if names == HEVC_NAMES else _without_hevc()), *_hevc()]
    return {
        method.codec.name: method
        for method in methods
        if names is None or method.codec.name in names
    }


def _without_hevc() -> list[Method]:
    avif = peer(AVIF)
    blurred = replace(
        avif, name=BLURRED, settings=f"{avif.settings}, background blurred by sigma 16"
    )
    methods = [Method(peer(name)) for name in QUALITIES if name != BLURRED]
    methods = [*methods, Method(blurred, blurring)]
    return [Method(replace(m.codec, qualities=QUALITIES[m.codec.name]), m.steer) for m in methods]


def _hevc() -> list[Method]:
    if x265.missing():
        return []
    return [
        Method(x265.codec(lowered), functools.partial(steered_x265, lowered=lowered))
        for lowered in LOWERED
    ]


def steered_x265(_codec: Codec, _picture: Pixels, mask: Mask, lowered: int) -> Codec:
    return x265.codec(lowered, mask)


def own_name(weight: float) -> str:
    return f"ablc, weight {weight:g}"


def own(weight: float, options: dict[str, Any]) -> Method:
    """Return ablc with a weight; its quality is the requested rate."""
    stated = ", ".join(f"{key} {value}" for key, value in options.items())
    qualities = tuple(rate * over for rate in RATES for over in (1, OVER))

    def steer(codec: Codec, _picture: Pixels, mask: Mask) -> Codec:
        importance = np.where(mask, np.float32(weight), np.float32(1))
        return replace(
            codec,
            encode=lambda picture, rate: ablc.encode(
                picture, bpp=rate, importance=importance, **options
            ),
        )

    codec = Codec(own_name(weight), stated, f"ablc {ablc.__version__}", steer, decode, qualities)
    return Method(codec, steer)


def measure_method(method: Method, picture: Pixels, cache: Path | None) -> dict[str, Curve]:
    """Return curves by mask."""
    masks = masks_of(picture)
    steer = method.steer or (lambda codec, _picture, _mask: codec)
    codecs = {name: steer(method.codec, picture, mask) for name, mask in masks.items()}

    def measure(_codec: Codec, picture: Pixels, quality: float) -> Measurements:
        """Return bytes and scores for each mask, under keys that begin with its name."""
        row: Measurements = {}
        data = None
        for name, mask in masks.items():
            if data is None or method.steer:
                data = codecs[name].encode(picture, quality)
                decoded = codecs[name].decode(data)
            of_mask = {"bytes": len(data), **scores(picture, decoded, mask)}
            row |= {f"{name} {key}": value for key, value in of_mask.items()}
        return row

    codec = method.codec
    if cache is None:
        rows = [measure(codec, picture, quality) for quality in codec.qualities]
    else:
        kept = Cache(cache, measure, scores_fingerprint)
        rows = list(kept.measure(codec, picture, codec.qualities).values())
    bits = 8 / (picture.shape[0] * picture.shape[1])
    return {
        name: [
            {"bpp": row[f"{name} bytes"] * bits, **{key: row[f"{name} {key}"] for key in SCORES}}
            for row in rows
        ]
        for name in masks
    }
