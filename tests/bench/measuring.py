"""Measurements of codecs on pictures: of one file, cached, and of all pictures in parallel."""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from arguments import add_option_argument, add_pictures_argument, pictures

from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.measures.measure_set import MeasureSet, Reference
from ablc.eval.rd.kept import keeping
from ablc.eval.store import Store, default_folder
from ablc.peers.codec import Codec
from ablc.peers.libraries import PEERS


def measure(codec: Codec, picture: Pixels, quality: float) -> Measurements:
    """Return bytes of the whole file, and the measures of MeasureSet without networks."""
    data = codec.encode(picture, quality)
    reference = _reference(picture.shape, picture.tobytes())
    return {"bytes": len(data), **reference.measure(codec.decode(data))}


@functools.lru_cache(maxsize=1)
def _reference(shape: tuple[int, ...], samples: bytes) -> Reference:
    """Return a picture as what others are measured against; mostly the one of the last call."""
    return MeasureSet(None).reference(np.frombuffer(samples, np.uint8).reshape(shape))


@functools.cache
def metrics_fingerprint() -> str:
    """Return a text that changes with a metric's definition, not with the order of its code."""
    return MeasureSet(None).fingerprint()


def bits_per_pixel(byte_count: float, picture: Pixels) -> float:
    """Return the rate of a file of a picture, (H, W, C)."""
    return 8 * byte_count / (picture.shape[0] * picture.shape[1])


class Cache:
    """Rows of other codecs, one file per codec and picture, under a key of all their inputs.

    That is the picture's pixels, the codec's settings and library, and the fingerprint of the
    measures' definitions. The codecs' files are kept beside them (ablc.eval.rd.kept).
    """

    def __init__(
        self,
        folder: Path,
        measure: Callable[[Codec, Pixels, float], Measurements] = measure,
        fingerprint: Callable[[], str] = metrics_fingerprint,
    ) -> None:
        self.folder = folder
        self._measure = measure
        self._fingerprint = fingerprint
        folder.mkdir(parents=True, exist_ok=True)

    def measure(
        self,
        codec: Codec,
        picture: Pixels,
        qualities: tuple[float, ...],
        most: float = math.inf,
    ) -> dict[float, Measurements]:
        """Return rows by quality; missing ones are measured and kept.

        most: bits per pixel; the first row beyond them, "bytes" being those of one file, is the
        last.
        """
        path = self._path(codec, picture)
        known = (
            {float(quality): row for quality, row in json.loads(path.read_text()).items()}
            if path.exists()
            else {}
        )
        kept, fresh = keeping(codec, Store(self.folder)), False
        rows: dict[float, Measurements] = {}
        for quality in qualities:
            if quality not in known:
                known[quality], fresh = self._measure(kept, picture, quality), True
            rows[quality] = known[quality]
            if most < math.inf and bits_per_pixel(rows[quality]["bytes"], picture) > most:
                break
        if fresh:
            written = path.with_suffix(f".{os.getpid()}")
            written.write_text(json.dumps(known))
            written.replace(path)
        return rows

    def _path(self, codec: Codec, picture: Pixels) -> Path:
        parts = (
            codec.name,
            codec.settings,
            codec.library,
            self._fingerprint(),
            str(picture.shape),
        )
        key = hashlib.sha256("\n".join(parts).encode() + picture.tobytes()).hexdigest()
        return self.folder / f"{codec.name.lower().replace(' ', '-')}-{key[:20]}.json"


def each_picture(
    work: Callable[..., Any], images: Path, jobs: int, *arguments: Any
) -> dict[str, Any]:
    """Return the results of work(picture, *arguments) by picture, from a number of processes."""
    shown = pictures(images)
    done = progress(len(shown), "pictures")
    results: dict[str, Any] = {}
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {
            title: pool.submit(work, picture, *arguments) for title, picture in shown.items()
        }
        for title, future in waiting.items():
            results[title] = future.result()
            next(done)
    return results


def progress(total: int, what: str) -> Iterator[None]:
    """Show a counter on a terminal; advance it with next()."""
    for done in range(1, total + 1):
        if sys.stderr.isatty():
            print(
                f"\r{done}/{total} {what}",
                end="" if done < total else "\n",
                file=sys.stderr,
                flush=True,
            )
        yield


def add_run_arguments(parser: argparse.ArgumentParser, images: str = "kodak") -> None:
    """Add --images, --cache, --jobs and --option. images: the default, as in arguments.py."""
    add_pictures_argument(parser, images)
    add_cache_argument(parser)
    parser.add_argument("--jobs", type=int, default=1, help="number of processes (default: 1)")
    add_option_argument(parser)


def add_cache_argument(parser: argparse.ArgumentParser) -> None:
    """Add --cache FOLDER, by default that of `ablc reproduce`."""
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_folder(),
        metavar="FOLDER",
        help="keeps files and measures of other codecs (default: %(default)s)",
    )


def add_peers_argument(parser: argparse.ArgumentParser, default: list[str]) -> None:
    """Add --peers NAME,...; `all` stands for all that there are."""
    parser.add_argument(
        "--peers",
        type=peer_names,
        default=default,
        metavar="NAME,...",
        help=f"of {', '.join(PEERS)}, or all (default: {','.join(default)})",
    )


def peer_names(text: str) -> list[str]:
    names = list(PEERS) if text == "all" else text.split(",")
    if unknown := [name for name in names if name not in PEERS]:
        raise argparse.ArgumentTypeError(
            f"unknown codec {', '.join(unknown)}: expected some of {', '.join(PEERS)}"
        )
    return names
