"""The files of other codecs for all pictures of a folder, kept for the benchmarks that need them.

    python tests/bench/peer_files.py [--images FOLDER] [--peers NAME,...] [--most 2]

They do not change with ablc, and the strongest encoders take seconds for each: made once, in the
background if need be, they cost rd.py and `ablc reproduce rd` no more than decoding. Every second
quality comes first, so that curves of all pictures are there early. Each sweep ends with its first
file of more than --most bits per pixel. A codec that cannot run here is named on standard error.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from arguments import add_pictures_argument, pictures
from measuring import add_cache_argument, add_peers_argument, bits_per_pixel
from rd import RATE_MOST

from ablc.arrays import Pixels
from ablc.eval.rd.kept import keeping
from ablc.eval.rd.study import available
from ablc.eval.store import Store
from ablc.peers.codec import Codec
from ablc.peers.libraries import PEERS


def run(images: Path, peers: Sequence[str], cache: Path, most: float) -> None:
    """Make the files; print a line for each sweep."""
    codecs, missing = available(peers)
    for name, reason in missing.items():
        print(f"{name} is left out: {reason}", file=sys.stderr)
    store, shown = Store(cache), pictures(images)
    for codec, (title, picture), qualities in sweeps(list(codecs.values()), shown):
        begun = time.monotonic()
        rates = sweep(keeping(codec, store), picture, qualities, most)
        spent = time.monotonic() - begun
        rate_text = ", ".join(f"{rate:.3f}" for rate in rates)
        print(f"{codec.name}, {title}: {rate_text} bpp, {spent:.1f} s", flush=True)


def sweeps(
    codecs: Sequence[Codec], shown: dict[str, Pixels]
) -> Iterator[tuple[Codec, tuple[str, Pixels], tuple[float, ...]]]:
    """Yield codec, picture and qualities: first half of the qualities, then all, fast codecs first.

    All of them, since those of the first half are there by then.
    """
    in_order = sorted(codecs, key=lambda codec: codec.slow)
    for every in (2, 1):
        for codec in in_order:
            for entry in shown.items():
                yield codec, entry, codec.qualities[::every]


def sweep(codec: Codec, picture: Pixels, qualities: Sequence[float], most: float) -> list[float]:
    """Return the rates of the files, in bits per pixel."""
    rates: list[float] = []
    for quality in qualities:
        data = codec.encode(picture, quality)
        rates.append(bits_per_pixel(len(data), picture))
        if rates[-1] > most:
            break
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    add_cache_argument(parser)
    add_peers_argument(parser, list(PEERS))
    parser.add_argument(
        "--most", type=float, default=RATE_MOST, metavar="BPP", help="(default: %(default)s)"
    )
    arguments = parser.parse_args()
    run(arguments.images, arguments.peers, arguments.cache, arguments.most)


if __name__ == "__main__":
    main()
