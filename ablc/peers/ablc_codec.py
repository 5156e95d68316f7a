"""ablc as a codec to compare: decoded without networks, or painted by one."""

import functools
from collections.abc import Mapping
from typing import Any

import ablc
from ablc.arrays import Pixels
from ablc.errors import ModelError
from ablc.peers.codec import Codec, MissingCodecError

ABLC = "ablc"
FILLS = ("fill-small", "fill-small-perceptual")
OWN_CODECS = (ABLC, *(f"{ABLC} + {fill}" for fill in FILLS))  # names of the codecs
QUALITIES = (*range(2, 48, 3), 53, 60, 70, 80, 87, 93)


def own_codec(name: str) -> Codec:
    """Return the codec of OWN_CODECS by name, at default effort.

    Raises ValueError for another name, MissingCodecError if its network cannot run here.
    """
    if name not in OWN_CODECS:
        raise ValueError(f"unknown codec {name!r}: expected one of {', '.join(OWN_CODECS)}")
    return ablc_codec() if name == ABLC else _painted(name.removeprefix(f"{ABLC} + "))


def ablc_codec(options: Mapping[str, Any] | None = None, *, lossless: bool = False) -> Codec:
    """Return ablc without networks. options: further arguments of ablc.encode."""
    options = {"threads": 1, **(options or {})}
    stated = ", ".join(f"{key} {value}" for key, value in options.items())
    version = f"ablc {ablc.__version__}"

    def encode(picture: Pixels, quality: float) -> bytes:
        how: dict[str, Any] = {"lossless": True} if lossless else {"quality": quality}
        return ablc.encode(picture, **how, **options)

    if lossless:
        return Codec("ablc lossless", stated, version, encode, decode)
    return Codec(ABLC, stated, version, encode, decode, QUALITIES)


def decode(data: bytes) -> Pixels:
    """Return the picture of a stream, decoded without networks."""
    return ablc.decode(data, fill="classical", threads=1)


def _painted(fill: str) -> Codec:
    from ablc.runtime import registry, session  # late: the plain codec needs neither

    if not session.installed():
        raise MissingCodecError("pip install 'ablc[cpu]'")
    try:
        card = registry.card(fill)
    except ModelError as error:
        raise MissingCodecError(str(error)) from error
    plain = ablc_codec()
    return Codec(
        f"{ABLC} + {fill}",
        f"{plain.settings}, painted by {fill} {card.sha256[:8]} on the CPU",
        plain.library,
        plain.encode,
        functools.partial(_paint, fill),
        QUALITIES,
    )


def _paint(fill: str, data: bytes) -> Pixels:
    return ablc.decode(data, fill="net", model=fill, provider="cpu", threads=1)
