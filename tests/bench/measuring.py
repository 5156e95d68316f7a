"""Measurements of codecs on pictures: of one file, cached, and of all pictures in parallel."""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from arguments import add_option_argument, add_pictures_argument, pictures

from ablc import metrics
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.measures.measure_set import fingerprint, known_measures, probes
from ablc.peers.codec import Codec


def measure(codec: Codec, picture: Pixels, quality: float) -> Measurements:
    """Return bytes of the whole file and, from ablc.metrics, psnr, ssim and, if large, ms_ssim."""
    data = codec.encode(picture, quality)
    return {"bytes": len(data), **known_measures(metrics.compare(picture, codec.decode(data)))}


@functools.cache
def metrics_fingerprint() -> str:
    """Return a text that changes with a metric's definition, not with the order of its code."""
    return fingerprint(known_measures(metrics.compare(*probes())))


class Cache:
    """Rows of other codecs, one file per codec and picture, under a key of all their inputs.

    That is the picture's pixels, the codec's settings and library, and the fingerprint of the
    measures' definitions.
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
        self, codec: Codec, picture: Pixels, qualities: tuple[float, ...]
    ) -> dict[float, Measurements]:
        """Return rows by quality; missing ones are measured and kept."""
        path = self._path(codec, picture)
        known = (
            {float(quality): row for quality, row in json.loads(path.read_text()).items()}
            if path.exists()
            else {}
        )
        missing = [quality for quality in qualities if quality not in known]
        if missing:
            known |= {quality: self._measure(codec, picture, quality) for quality in missing}
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(known))
            fresh.replace(path)
        return {quality: known[quality] for quality in qualities}

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


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --images, --cache, --jobs and --option."""
    add_pictures_argument(parser)
    parser.add_argument(
        "--cache", type=Path, default=Path.home() / ".cache" / "ablc-bench", metavar="FOLDER"
    )
    parser.add_argument("--jobs", type=int, default=1, help="number of processes (default: 1)")
    add_option_argument(parser)
