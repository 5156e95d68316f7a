"""One picture by ablc, and by its peers at ablc's bytes: files, measures and drawings."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ablc import importance
from ablc.arrays import Flags, Pixels
from ablc.decoder import Decoder
from ablc.drawing import report_maps
from ablc.drawing.report_maps import LabelledMap
from ablc.encoder import Encoder
from ablc.errors import FinderError
from ablc.eval.folder import Photo
from ablc.eval.measures.fidelity import Fidelity, fidelity
from ablc.eval.measures.perceptual import Judges
from ablc.eval.page.images import webp
from ablc.eval.store import Result, Row
from ablc.importance import Roi
from ablc.inspection import coding_map
from ablc.peers.codec import MissingCodecError
from ablc.peers.equal_bytes import largest_within
from ablc.peers.libraries import peer
from ablc.regions import Region

PEERS = ("JPEG", "WebP", "AVIF", "JPEG XL")
ORIGINAL, OWN, PLAIN, STEERED = "original", "ablc", "ablc, classical fill", "ablc, region"


@dataclass(frozen=True, slots=True)
class Goal:
    """What ablc codes to: one of the two is given."""

    bpp: float | None = None
    quality: float | None = None

    def __str__(self) -> str:
        return f"{self.bpp:g} bits per pixel" if self.bpp else f"quality {self.quality:g}"

    def encoder(self) -> Encoder:
        """In one thread. Raises ValueError for numbers that are none."""
        return Encoder(bpp=self.bpp, quality=self.quality, threads=1)


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What one codec made of a picture."""

    codec: str
    pixels: Pixels
    size: int | None  # bytes; None: of the original
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Steered:
    """The same picture coded with its region first, in as many bytes."""

    inside: Flags | None  # (H, W); None: there is no region
    data: bytes = b""
    missing: str | None = None  # why there is none


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of every picture."""

    goal: Goal
    rois: tuple[Roi, ...]
    where: str  # what the regions are, in words
    weights: Path | None = None  # folder of the weights of LPIPS; None: it is not measured


def measure(photo: Photo, plan: Plan, shown: bool) -> Result:
    """All versions of a picture, measured; with shown also as files to look at.

    The row is that of a picture in gallery.json, with the names of the result's files.
    """
    pixels = photo.load()
    data = plan.goal.encoder().encode(pixels)
    steered = _steer(pixels, plan.rois, len(data))
    versions = _own(data)
    if steered.data:
        versions.insert(1, Version(STEERED, _decoded(steered.data), len(steered.data)))
    peers, faults = _peers(pixels, len(data))
    versions += peers
    window = report_maps.window_of(photo.height, photo.width, steered.inside)
    found: Row = {
        "name": photo.name,
        "width": photo.width,
        "height": photo.height,
        "notes": [*photo.notes, *faults],
        "window": None if window is None else list(window),
        "versions": [
            _row(Version(ORIGINAL, pixels, None), Fidelity(None, None, None, None), None),
            *_rows(versions, pixels, steered.inside, plan.weights),
        ],
        "maps": [],
        "region": {
            "where": plan.where,
            "share": None if steered.inside is None else float(steered.inside.mean()),
            "missing": steered.missing,
        },
    }
    if not shown:
        return Result(found)
    drawn = report_maps.kept_and_bits(coding_map(data), window)
    if steered.inside is not None:
        drawn.append(report_maps.region(pixels, steered.inside, window))
        drawn += report_maps.kept_and_bits(coding_map(steered.data), window, ", region first")
    return _with_files(found, [pixels, *(version.pixels for version in versions)], drawn, window)


def _own(data: bytes) -> list[Version]:
    """ablc's stream as users see it, and without networks where that is something else."""
    usual, plain = _decoded(data), Decoder(fill="classical", threads=1).decode(data)
    versions = [Version(OWN, usual, len(data))]
    if (usual != plain).any():
        versions.append(Version(PLAIN, plain, len(data)))
    return versions


def _decoded(data: bytes) -> Pixels:
    return Decoder(threads=1).decode(data)


def _peers(pixels: Pixels, size: int) -> tuple[list[Version], list[str]]:
    """The peers at so many bytes, and what went wrong with those that are not among them."""
    versions, faults = [], []
    for name in PEERS:
        try:
            codec = peer(name)
            coded = largest_within(codec, pixels, size)
            note = f"quality {coded.quality:g}"
            if not coded.fits:
                note += ": its smallest file, larger than ablc's"
            decoded = codec.decode(coded.data)
            if decoded.shape != pixels.shape:
                raise ValueError(f"it decodes to {decoded.shape}, not {pixels.shape}")
            versions.append(Version(name, decoded, len(coded.data), note))
        except MissingCodecError:
            pass  # the list of codecs says so
        except Exception as error:  # whatever a library raises, the other codecs go on
            faults.append(f"{name} failed: {error}")
    return versions, faults


def _steer(pixels: Pixels, rois: tuple[Roi, ...], size: int) -> Steered:
    """The picture with its regions first, in at most so many bytes."""
    weighty = [replace(roi, weight=math.inf, feather=0) for roi in rois if roi.weight > 1]
    try:
        inside = np.isinf(importance.paint(weighty, pixels))  # (H, W)
        if not inside.any() or inside.all():
            return Steered(None, missing="nothing of the picture, or all of it, is in the region")
        encoder = Encoder(target_bytes=size, threads=1)
        return Steered(inside, encoder.encode(pixels, importance=list(rois)))
    except (ValueError, FinderError) as error:
        return Steered(None, missing=str(error))


def _rows(
    versions: Sequence[Version], original: Pixels, inside: Flags | None, weights: Path | None
) -> list[Row]:
    """The versions, measured."""
    judge = Judges(weights, ["lpips"]).of(original) if weights else None
    return [
        _row(
            version,
            fidelity(original, version.pixels, inside),
            judge.distances(version.pixels).get("lpips") if judge else None,
        )
        for version in versions
    ]


def _row(version: Version, measured: Fidelity, lpips: float | None) -> Row:
    """What gallery.json holds of a version; its file comes later."""
    told = {"codec": version.codec, "bytes": version.size, "note": version.note, "file": None}
    return {**told, **asdict(measured), "lpips": lpips}


def _with_files(
    found: Row, shown: Sequence[Pixels], drawn: Sequence[LabelledMap], window: Region | None
) -> Result:
    """The row with the names of its files, and these."""
    made: dict[str, bytes] = {}
    for row, pixels in zip(found["versions"], shown, strict=True):
        row["file"] = f"{len(made):02}.webp"
        made[row["file"]] = webp(Image.fromarray(report_maps.cut(pixels, window)))
    for drawing in drawn:
        file = f"{len(made):02}.webp"
        made[file] = webp(Image.fromarray(drawing.pixels))
        found["maps"].append(
            {
                "title": drawing.title,
                "detail": drawing.detail,
                "file": file,
                "colours": list(drawing.colours),
                "ticks": [{"place": place, "text": text} for place, text in drawing.ticks],
            }
        )
    return Result(found, made)
