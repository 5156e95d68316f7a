"""One picture by ablc, and by other codecs at ablc's bytes: measures, and files to look at."""

import math
from collections.abc import Mapping, Sequence
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
from ablc.eval.crop import middle
from ablc.eval.folder import Photo
from ablc.eval.measures.fidelity import Fidelity, fidelity
from ablc.eval.measures.measure_set import missing_measures
from ablc.eval.measures.perceptual import Judges
from ablc.eval.measures.ssimulacra2 import Original as Ssimulacra2
from ablc.eval.store import JsonObject, TaskResult
from ablc.eval.webp import webp
from ablc.importance import Roi
from ablc.inspection import coding_map
from ablc.peers.codec import MissingCodecError
from ablc.peers.equal_bytes import largest_within
from ablc.peers.libraries import peer
from ablc.regions import Region

PEERS = ("JPEG", "WebP m6", "AVIF s6 iq", "AVIF s6 ssim", "JPEG XL e7")  # by default
SCORED_MOST = 1 << 21  # pixels: SSIMULACRA 2 takes 300 bytes for each, of the middle
ORIGINAL, ABLC, REGION_FIRST = "original", "ablc", "ablc, region"


@dataclass(frozen=True, slots=True)
class Goal:
    """The rate or the quality at which ablc encodes; exactly one is given."""

    bpp: float | None = None
    quality: float | None = None

    def __str__(self) -> str:
        return f"{self.bpp:g} bits per pixel" if self.bpp else f"quality {self.quality:g}"

    def encoder(self) -> Encoder:
        """Return an encoder that uses one thread. Raises ValueError for values out of range."""
        return Encoder(bpp=self.bpp, quality=self.quality, threads=1)


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """How every picture of a report is encoded and measured."""

    goal: Goal
    rois: tuple[Roi, ...]
    where: str  # the regions, in words
    weights: Path | None = None  # folder of the network of LPIPS, as in Judges; None: not measured
    peers: tuple[str, ...] = PEERS  # names of the other codecs


@dataclass(frozen=True, slots=True, eq=False)
class CodedVersion:
    """A picture as decoded from the file of one codec."""

    codec: str
    pixels: Pixels
    byte_count: int | None  # of the file; None: this is the original
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RegionFirst:
    """The stream of a picture whose region is weighted, with as many bytes as the plain stream."""

    inside: Flags | None  # (H, W), the region; None: there is none
    data: bytes = b""  # empty: there is no stream
    missing: str | None = None  # why there is no stream


def measure(photo: Photo, settings: ReportSettings, shown: bool) -> TaskResult:
    """Return the measures of all versions of a picture and, if it is shown, files to look at.

    The row is a picture of gallery.json, with the names of the result's files.
    """
    pixels = photo.load()
    data = settings.goal.encoder().encode(pixels)
    region_first = _encode_region_first(pixels, settings.rois, len(data))
    versions = [CodedVersion(ABLC, _decode(data), len(data))]
    if region_first.data:
        decoded = _decode(region_first.data)
        versions.insert(1, CodedVersion(REGION_FIRST, decoded, len(region_first.data)))
    peers, faults = _versions_of_peers(pixels, len(data), settings.peers)
    versions += peers
    window = report_maps.window_of(photo.height, photo.width, region_first.inside)
    row: JsonObject = {
        "name": photo.name,
        "width": photo.width,
        "height": photo.height,
        "notes": [*photo.notes, *faults],
        "window": None if window is None else list(window),
        "versions": [
            _row(CodedVersion(ORIGINAL, pixels, None), Fidelity(None, None, None, None), {}),
            *_rows(versions, pixels, region_first.inside, settings.weights),
        ],
        "maps": [],
        "region": {
            "where": settings.where,
            "share": None if region_first.inside is None else float(region_first.inside.mean()),
            "missing": region_first.missing,
        },
    }
    if not shown:
        return TaskResult(row)
    drawn = _maps(pixels, data, region_first, window)
    return _with_files(row, [pixels, *(version.pixels for version in versions)], drawn, window)


def _decode(data: bytes) -> Pixels:
    return Decoder(threads=1).decode(data)


def _versions_of_peers(
    pixels: Pixels, byte_count: int, names: Sequence[str]
) -> tuple[list[CodedVersion], list[str]]:
    """Return the peers' versions at a number of bytes, and the faults of peers that failed."""
    versions, faults = [], []
    for name in names:
        try:
            codec = peer(name)
            coded = largest_within(codec, pixels, byte_count)
            note = f"quality {coded.quality:g}"
            if not coded.fits:
                note += ": its smallest file, larger than ablc's"
            decoded = codec.decode(coded.data)
            if decoded.shape != pixels.shape:
                raise ValueError(f"it decodes to {decoded.shape}, not {pixels.shape}")
            versions.append(CodedVersion(name, decoded, len(coded.data), note))
        except MissingCodecError:
            pass  # the report's list of codecs gives the reason
        except Exception as error:  # of any kind a library raises: the other codecs go on
            faults.append(f"{name} failed: {error}")
    return versions, faults


def _encode_region_first(pixels: Pixels, rois: tuple[Roi, ...], byte_count: int) -> RegionFirst:
    """Encode a picture with its regions weighted, in at most byte_count bytes."""
    weighty = [replace(roi, weight=math.inf, feather=0) for roi in rois if roi.weight > 1]
    try:
        inside = np.isinf(importance.paint(weighty, pixels))  # (H, W)
        if not inside.any() or inside.all():
            return RegionFirst(None, missing="the region covers nothing, or the whole picture")
        encoder = Encoder(target_bytes=byte_count, threads=1)
        return RegionFirst(inside, encoder.encode(pixels, importance=list(rois)))
    except (ValueError, FinderError) as error:
        return RegionFirst(None, missing=str(error))


def _rows(
    versions: Sequence[CodedVersion], original: Pixels, inside: Flags | None, weights: Path | None
) -> list[JsonObject]:
    judge = Judges(weights, ["lpips"]).of(original) if weights else None
    scored = None if missing_measures() else Ssimulacra2(middle(original, SCORED_MOST))
    rows = []
    for version in versions:
        looks: dict[str, float | None] = dict(judge.distances(version.pixels)) if judge else {}
        if scored:
            looks["ssimulacra2"] = scored.score(middle(version.pixels, SCORED_MOST))
        rows.append(_row(version, fidelity(original, version.pixels, inside), looks))
    return rows


def _row(
    version: CodedVersion, measured: Fidelity, looks: Mapping[str, float | None]
) -> JsonObject:
    """Return a version as gallery.json has it, without its file yet. looks: further measures."""
    about = {
        "codec": version.codec,
        "bytes": version.byte_count,
        "note": version.note,
        "file": None,
    }
    further = {name: looks.get(name) for name in ("ssimulacra2", "lpips")}
    return {**about, **asdict(measured), **further}


def _maps(
    pixels: Pixels, data: bytes, region_first: RegionFirst, window: Region | None
) -> list[LabelledMap]:
    """Return the maps of the plain stream, of the region, and of the region-first stream."""
    drawn = report_maps.kept_and_bits(coding_map(data), window)
    if region_first.inside is not None:
        drawn.append(report_maps.region(pixels, region_first.inside, window))
        coding = coding_map(region_first.data)
        drawn += report_maps.kept_and_bits(coding, window, ", region first")
    return drawn


def _with_files(
    row: JsonObject,
    shown: Sequence[Pixels],
    drawn: Sequence[LabelledMap],
    window: Region | None,
) -> TaskResult:
    """Return the row, completed by the names of its files, and the files."""
    made: dict[str, bytes] = {}
    for version, pixels in zip(row["versions"], shown, strict=True):
        version["file"] = f"{len(made):02}.webp"
        made[version["file"]] = webp(Image.fromarray(report_maps.cut(pixels, window)))
    for drawing in drawn:
        file = f"{len(made):02}.webp"
        made[file] = webp(Image.fromarray(drawing.pixels))
        row["maps"].append(
            {
                "title": drawing.title,
                "detail": drawing.detail,
                "file": file,
                "colours": list(drawing.colours),
                "ticks": [{"place": place, "text": text} for place, text in drawing.ticks],
            }
        )
    return TaskResult(row, made)
