"""Rate and distortion of ablc and its peers on the pictures of a folder.

Every codec encodes every picture to whole files over its sweep of qualities; MeasureSet measures
the decoded pictures. Speeds are measured afterwards, when nothing else runs.
"""

import functools
import importlib.util
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ablc.arrays import Pixels
from ablc.eval.crop import middle, middle_size
from ablc.eval.folder import Folder, Photo
from ablc.eval.measures.catalogue import MEASURES
from ablc.eval.measures.measure_set import LOOKS, MeasureSet, Reference, missing_measures
from ablc.eval.rd.curves import SPAN, Curve, Curves, Mean, bd_rates
from ablc.eval.rd.kept import keeping
from ablc.eval.rd.speed import Timing, mean_bpp, pixels, take_turns
from ablc.eval.running import Failed, MeasuringTask, progress, run
from ablc.eval.store import Store, TaskResult, ablc_fingerprint, key_of
from ablc.peers.ablc_codec import ABLC, OWN_CODECS, own_codec
from ablc.peers.codec import Codec, MissingCodecError
from ablc.peers.libraries import PEERS, peer

PIXELS_MOST = 1 << 22  # of larger pictures the middle is encoded, to limit the time per file
QUICK_PICTURES, QUICK_QUALITIES = 7, 6  # of a quick run
QUICK_PART = 0.75  # of a sweep, from its lowest rate: about 0.03 to 1 bpp

SPEED_RATES = (0.15, 0.5, 1.0)  # bits per pixel
SPEED_NEAR = 1.5  # a codec reaches a rate if its nearest is within this factor
SPEED_PICTURES = 4
SPEED_PIXELS_MOST = 1 << 20  # of each
SPEED_ROUNDS = 3

Sweeps = Mapping[str, tuple[float, ...]]  # qualities by codec


@dataclass(frozen=True, slots=True)
class Failure:
    """A codec that failed on a picture, at some quality or at all."""

    codec: str
    picture: str
    reason: str


@dataclass(frozen=True, slots=True)
class Study:
    """All that was measured."""

    folder: Folder
    codecs: Mapping[str, Codec]  # by name, ablc's first
    missing: Mapping[str, str]  # why a codec was not measured
    curves: Curves
    failures: Sequence[Failure]
    rates: Mapping[str, Mapping[str, Mapping[str, Mean | None]]]  # BD: tested, anchor, measure
    speeds: Sequence[Mapping[str, Any]]  # megapixels per second by codec and rate
    left_out: Mapping[str, str]  # why a measure, or all of one kind, was not taken

    @property
    def measures(self) -> list[str]:
        """Return the names of the measures that exist for any picture."""
        rows = [row for of in self.curves.values() for curve in of.values() for row in curve]
        return [measure for measure in MEASURES if any(measure in row for row in rows)]


def study(
    folder: Folder,
    store: Store,
    peers: Sequence[str] = tuple(PEERS),
    *,
    jobs: int = 1,
    quick: bool = False,
    weights: Path | None = None,
) -> Study:
    """Measure ablc and the named peers, with progress bars on standard error.

    quick: measure QUICK_PICTURES pictures, spread over the folder, at QUICK_QUALITIES qualities;
    no painted pictures and no speeds. weights: folder of networks, as in Judges; None: no
    perceptual distances are measured.
    Raises ValueError for an unknown peer, and as Judges does.
    """
    folder = _fewer(folder) if quick else folder
    codecs, missing = available([*(OWN_CODECS[:1] if quick else OWN_CODECS), *peers])
    sweeps = {
        name: quick_sweep(codec.qualities) if quick else codec.qualities
        for name, codec in codecs.items()
    }
    curves, failures = _curves(folder, store, codecs, sweeps, weights, jobs)
    left_out = dict(missing_measures())
    if weights is None:
        left_out |= dict.fromkeys(LOOKS, "no folder of networks was given")
    rates = {}
    if importlib.util.find_spec("bjontegaard"):
        rates = _bd_rates(curves)
    else:
        left_out["BD-rate"] = "pip install 'ablc[eval]'"
    speeds = Failed("a quick run") if quick else _speeds(folder, store, codecs, curves)
    if isinstance(speeds, Failed):
        left_out["speed"] = speeds.reason
    entries = [] if isinstance(speeds, Failed) else speeds
    return Study(folder, codecs, missing, curves, failures, rates, entries, left_out)


def quick_sweep(qualities: Sequence[float]) -> tuple[float, ...]:
    """Return QUICK_QUALITIES qualities of a sweep, evenly spaced, without its highest rates."""
    last = max(round(QUICK_PART * len(qualities)) - 1, 0)
    count = min(QUICK_QUALITIES, last + 1)
    return tuple(qualities[round(i)] for i in np.linspace(0, last, count))


def _fewer(folder: Folder) -> Folder:
    """Return QUICK_PICTURES pictures of a folder, evenly spaced."""
    places = np.linspace(0, len(folder.photos) - 1, min(QUICK_PICTURES, len(folder.photos)))
    return replace(folder, photos=tuple(folder.photos[round(i)] for i in places))


def available(names: Sequence[str]) -> tuple[dict[str, Codec], dict[str, str]]:
    """Return the codecs that can be measured here, and the reasons why others cannot, by name.

    Raises ValueError for an unknown name.
    """
    codecs, missing = {}, {}
    for name in names:
        try:
            codecs[name] = codec_of(name)
        except MissingCodecError as error:
            missing[name] = str(error)
    return codecs, missing


def codec_of(name: str) -> Codec:
    """Return the codec of OWN_CODECS or PEERS; raises as own_codec() and peer() do."""
    return own_codec(name) if name in OWN_CODECS else peer(name)


_codec = functools.cache(codec_of)  # made once per process


# --- curves ---------------------------------------------------------------------------------------


def _curves(
    folder: Folder,
    store: Store,
    codecs: Mapping[str, Codec],
    sweeps: Sweeps,
    weights: Path | None,
    jobs: int,
) -> tuple[Curves, list[Failure]]:
    measured_by = MeasureSet(weights).fingerprint()
    combinations = [
        (photo, name, quality)
        for photo in folder.photos
        for name in codecs
        for quality in sweeps[name]
    ]
    tasks = []
    for photo, name, quality in combinations:
        key = key_of(
            "rd", photo.digest, PIXELS_MOST, measured_by, quality, *_identity(codecs[name])
        )
        arguments = (photo, name, quality, weights, store)
        tasks.append(MeasuringTask(key, f"{photo.name}, {name}", measure_file, arguments))
    with progress(len(tasks), "files") as advance:
        outcomes = run(tasks, store, jobs, advance)
    curves: Curves = {name: {} for name in codecs}
    failed: dict[tuple[str, str], str] = {}
    for (photo, name, _), outcome in zip(combinations, outcomes, strict=True):
        if isinstance(outcome, Failed):
            failed.setdefault((name, photo.name), outcome.reason)
        else:
            curves[name].setdefault(photo.name, []).append(outcome)
    return curves, [Failure(*place, reason) for place, reason in failed.items()]


def _identity(codec: Codec) -> tuple[str, ...]:
    """Return all that determines a codec's files and pictures besides the quality."""
    fingerprint = ablc_fingerprint() if codec.name in OWN_CODECS else ""
    return codec.name, codec.settings, codec.library, fingerprint


def measure_file(
    photo: Photo, name: str, quality: float, weights: Path | None, store: Store
) -> TaskResult:
    """Encode a picture with the named codec; return quality, bytes, bpp and measures.

    The files of other codecs are kept in the store.
    """
    codec, (original, reference) = _codec(name), _original(photo, weights)
    if name not in OWN_CODECS:
        codec = keeping(codec, store)
    data = codec.encode(original, quality)
    rate = {"quality": quality, "bytes": len(data), "bpp": 8 * len(data) / pixels([original])}
    return TaskResult({**rate, **reference.measure(codec.decode(data))})


@functools.lru_cache(maxsize=1)
def _original(photo: Photo, weights: Path | None) -> tuple[Pixels, Reference]:
    """Return a picture and its reference, cached: the next file is mostly of the same picture."""
    original = part(photo, PIXELS_MOST)
    return original, MeasureSet(weights).reference(original)


def part(photo: Photo, most: int) -> Pixels:
    """Return a picture, or its middle of at most `most` pixels."""
    return np.ascontiguousarray(middle(photo.load(), most))


def cut(photo: Photo) -> list[str]:
    """Return a remark on a picture of which only the middle is encoded; none for others."""
    height, width = middle_size(photo.height, photo.width, PIXELS_MOST)
    if (height, width) == (photo.height, photo.width):
        return []
    return [f"only the middle {width}x{height} pixels were encoded: the picture is too large"]


def _bd_rates(curves: Curves) -> dict[str, dict[str, dict[str, Mean | None]]]:
    """Return BD-rates of ablc against the peers; with a network, also against plain ablc."""
    return {
        tested: {
            anchor: bd_rates(of_anchor, curves[tested], MEASURES, SPAN)
            for anchor, of_anchor in curves.items()
            if anchor not in (OWN_CODECS if tested == ABLC else OWN_CODECS[1:])
        }
        for tested in OWN_CODECS
        if tested in curves
    }


# --- speeds ---------------------------------------------------------------------------------------


def _speeds(
    folder: Folder, store: Store, codecs: Mapping[str, Codec], curves: Curves
) -> list[dict[str, Any]] | Failed:
    """Measure the speeds of all codecs at SPEED_RATES, in this process alone."""
    every = -(-len(folder.photos) // SPEED_PICTURES)
    photos = folder.photos[::every]
    chosen = [
        (rate, name, quality)
        for rate in SPEED_RATES
        for name in codecs
        if (quality := _nearest(curves[name], [photo.name for photo in photos], rate)) is not None
    ]
    key = key_of(
        "speed",
        SPEED_ROUNDS,
        *(photo.digest for photo in photos),
        *(value for rate, _, quality in chosen for value in (rate, quality)),
        *(value for _, name, _ in chosen for value in _identity(codecs[name])),
    )
    with progress(1, "speeds") as advance:
        task = MeasuringTask(key, "speeds", measure_speeds, (photos, chosen, SPEED_ROUNDS))
        (outcome,) = run([task], store, 1, advance)
    return outcome if isinstance(outcome, Failed) else list(outcome["speeds"])


def _nearest(curves: Mapping[str, Curve], pictures: Sequence[str], rate: float) -> float | None:
    """Return the quality whose rate over all pictures is nearest to a rate; None if it is far."""
    rows = [row for picture in pictures for row in curves.get(picture, [])]
    apart = {}
    for quality in {row["quality"] for row in rows}:
        chosen = [row for row in rows if row["quality"] == quality]
        octets = sum(row["bytes"] / row["bpp"] for row in chosen)  # of the pixels at 1 bpp
        apart[quality] = abs(math.log(sum(row["bytes"] for row in chosen) / octets / rate))
    best = min(apart, key=apart.__getitem__, default=None)
    return best if best is not None and apart[best] < math.log(SPEED_NEAR) else None


def measure_speeds(
    photos: Sequence[Photo], chosen: Sequence[tuple[float, str, float]], rounds: int
) -> TaskResult:
    """Return megapixels per CPU second of (rate, codec, quality), in turns rate by rate."""
    shown = [part(photo, SPEED_PIXELS_MOST) for photo in photos]
    speeds = []
    for rate in dict.fromkeys(rate for rate, _, _ in chosen):
        codecs = [(_codec(name), quality) for at, name, quality in chosen if at == rate]
        timings = [Timing(codec, q, mean_bpp(codec, shown, q)) for codec, q in codecs]
        take_turns(timings, shown, rounds)
        speeds += [
            {"codec": timing.codec.name, "rate": rate, **timing.figures(pixels(shown) / 1e6)}
            for timing in timings
        ]
    return TaskResult({"speeds": speeds})
