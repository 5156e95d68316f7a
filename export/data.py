"""Training data: photographs of folders and tar files, cut, encoded and decoded during training.

All photographs stay in memory as uint8, 3 bytes for each pixel. Worker processes make samples,
square cuts of CUT pixels; a SamplePool on the training device keeps many of them and returns
batches of smaller crops, so that the device never waits for the codec.
"""

import io
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

import ablc
from ablc import _core
from ablc.arrays import CELL, Pixels
from ablc.eval.paper.stage2 import FACTOR, shrunk
from ablc.export.texture import lacking
from ablc.runtime.fill import Part
from ablc.settings import cores, pixel_limit

Plane = npt.NDArray[np.float32]
Sample = dict[str, Tensor]
Make = Callable[[Pixels, np.random.Generator], Sample]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm")
CUT = 256  # side of a sample, pixels; smaller pictures are extended
SMALLEST = 64  # side, pixels: smaller pictures are left out
SHRINK = (0.5, 1.0)  # range of random downscaling, which hides traces of the source's compression
QUALITIES = (10.0, 55.0)  # of the codec in training
FINE = 0.1  # share of samples encoded at qualities from there up to 95
SMALL_QUALITIES = (20.0, 90.0)  # of pictures with a quarter of the sides
EASIEST = 2.0  # grey levels of error that a sample without error counts for
WEIGHTED, MASKED = 0.3, 0.1  # shares of samples with an importance map, and with a given mask


@dataclass(frozen=True, slots=True)
class Photographs:
    """Pictures in memory, and the number of those left out."""

    pictures: list[Pixels]  # (H, W, 3) sRGB each
    sources: dict[str, int]  # name of a folder or tar file -> number of its pictures
    broken: int  # number of files that do not decode
    small: int  # number of pictures with a side shorter than SMALLEST

    def __str__(self) -> str:
        pixels = sum(p.shape[0] * p.shape[1] for p in self.pictures)
        left_out = f"{self.broken} broken and {self.small} small ones left out"
        return f"{len(self.pictures)} pictures, {pixels / 1e6:.0f} megapixels; {left_out}"


def load(sources: Sequence[Path], limit: int | None = None) -> Photographs:
    """Return the decoded pictures of folders, with their subfolders, and of tar files.

    limit: use only so many, chosen evenly from all.
    Raises FileNotFoundError for a missing source, ValueError if no picture is large enough.
    """
    files = [(source.name, file) for source in sources for file in _files(source)]
    if limit is not None and limit < len(files):
        files = [files[i * len(files) // limit] for i in range(limit)]
    with ThreadPoolExecutor(cores()) as pool:
        decoded = list(pool.map(_decode, (file for _, file in files)))
    sound = [(name, p) for (name, _), p in zip(files, decoded, strict=True) if p is not None]
    large = [(name, p) for name, p in sound if min(p.shape[:2]) >= SMALLEST]
    broken = len(files) - len(sound)
    if not large:
        names = ", ".join(map(str, sources))
        raise ValueError(
            f"no picture of at least {SMALLEST}x{SMALLEST} pixels in {names}: {len(files)} files, "
            f"{broken} of them broken"
        )
    counts = dict(Counter(name for name, _ in large))
    return Photographs([p for _, p in large], counts, broken, len(sound) - len(large))


def _files(source: Path) -> list[bytes]:
    """Return the files of the pictures of one source, sorted by name."""
    if not source.exists():
        raise FileNotFoundError(f"no such folder or tar file: {source}")
    if source.is_dir():
        paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
        return [path.read_bytes() for path in paths]
    try:
        with tarfile.open(source) as tar:
            members = [m for m in tar if m.isfile() and m.name.lower().endswith(SUFFIXES)]
            streams = [tar.extractfile(m) for m in sorted(members, key=lambda m: m.name)]
            return [stream.read() for stream in streams if stream is not None]
    except tarfile.TarError as error:
        raise ValueError(f"{source} is neither a folder nor a tar file: {error}") from error


def _decode(encoded: bytes) -> Pixels | None:
    """Return (H, W, 3) sRGB; None if the bytes are not a sound picture."""
    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            return np.array(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):  # of Pillow's readers
        return None


def cut(pictures: Sequence[Pixels], rng: np.random.Generator, *, turned: bool = True) -> Pixels:
    """Return (CUT, CUT, 3) of a random picture, downscaled and mirrored at random.

    turned: whether it is also turned by 90 degrees at random. The probability of a picture grows
    with the root of its number of pixels. A small picture is extended by its border.
    """
    weights = np.sqrt([p.shape[0] * p.shape[1] for p in pictures])
    picture = pictures[rng.choice(len(pictures), p=weights / weights.sum())]
    height, width = picture.shape[:2]
    scale = max(rng.uniform(*SHRINK), min(1.0, CUT / min(height, width)))
    span_y, span_x = min(height, round(CUT / scale)), min(width, round(CUT / scale))
    y, x = rng.integers(height - span_y + 1), rng.integers(width - span_x + 1)
    part = picture[y : y + span_y, x : x + span_x]
    size = (round(span_x * scale), round(span_y * scale))
    small = np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
    missing = [(0, CUT - min(side, CUT)) for side in small.shape[:2]]
    small = np.pad(small[:CUT, :CUT], [*missing, (0, 0)], mode="edge")
    if rng.random() < 0.5:
        small = small[:, ::-1]
    if turned and rng.random() < 0.5:
        small = small.transpose(1, 0, 2)
    return np.ascontiguousarray(small)


def cells_of(data: bytes) -> tuple[Pixels, Plane, Plane]:
    """Return N's inputs for a lossy stream: the decoded picture, (H, W, C), and two maps, (R, C).

    The maps, as in ablc.runtime.fill, are 1 for cells in kept blocks, else 0, and log2 of the
    luma step in grey levels.

    Raises StreamError as ablc.decode does, ValueError for a lossless stream.
    """
    decoded, _, guide = _core.Stream(data, max_pixels=pixel_limit(None)).decode_guided()
    if guide is None:
        raise ValueError("a lossless stream has nothing to fill")
    part = Part(decoded, guide)
    return decoded, part.kept, part.steps


def encode(picture: Pixels, rng: np.random.Generator) -> bytes:
    """Return the picture as a stream, with random settings as they occur in practice."""
    fine = rng.random() < FINE
    quality = rng.uniform(QUALITIES[1], 95) if fine else rng.uniform(*QUALITIES)
    importance: npt.NDArray[np.float32] | None = None
    mask: ablc.Scheme | Literal["rdo"] = "rdo"
    kind = rng.random()
    if kind < WEIGHTED:
        importance = _importance(picture.shape[:2], rng)
    elif kind < WEIGHTED + MASKED:
        share = float(rng.uniform(0.05, 0.6))
        mask = ablc.Scheme(
            rng.choice(["random-blocks", "centre"]), share, seed=int(rng.integers(99))
        )
    encoder = ablc.Encoder(quality=float(quality), threads=1)
    return encoder.encode(picture, importance=importance, mask=mask)


def alone(picture: Pixels, rng: np.random.Generator) -> Sample:
    """Return a sample of the picture alone."""
    return {"picture": _planes(picture)}


def coded(picture: Pixels, rng: np.random.Generator) -> Sample:
    """Return the picture before and after the codec, with its cells: a sample for N."""
    decoded, kept, step = cells_of(encode(picture, rng))
    return {
        "picture": _planes(picture),
        "decoded": _planes(decoded),
        "kept": torch.from_numpy(kept)[None],
        "step": torch.from_numpy(step)[None],
        "texture": torch.from_numpy(lacking(picture, decoded)),
    }


def reduced(picture: Pixels, rng: np.random.Generator) -> Sample:
    """Return the picture, and a quarter of its sides after the codec: a sample for S."""
    quality = float(rng.uniform(*SMALL_QUALITIES))
    data = ablc.encode(shrunk(picture, FACTOR), quality=quality, threads=1)
    low = ablc.decode(data, fill="classical", threads=1)
    return {"picture": _planes(picture), "low": _planes(low)}


def _importance(shape: tuple[int, int], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return (H, W): an ellipse that counts more than its surroundings, at times alone."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    centre, radius = rng.uniform(0.2, 0.8, 2) * shape, rng.uniform(0.15, 0.6, 2) * shape
    distance = ((y - centre[0]) / radius[0]) ** 2 + ((x - centre[1]) / radius[1]) ** 2
    weight = 4.0 ** rng.uniform(0.5, 3.5)
    outside = 0.0 if rng.random() < 0.25 else 1.0
    return np.where(distance < 1, weight, outside).astype(np.float32)


class Samples(IterableDataset[Sample]):
    """Endless samples.

    "picture" and "decoded": (3, CUT, CUT) uint8; "low": (3, CUT / 4, CUT / 4) uint8; "kept" and
    "step": (1, CUT / 8, CUT / 8) float32; "texture": (2, CUT / 8, CUT / 8) float32.
    """

    def __init__(
        self, pictures: Sequence[Pixels], make: Make, *, seed: int, turned: bool = True
    ) -> None:
        """make: makes a sample of a cut, (CUT, CUT, 3): alone, coded or reduced."""
        self.pictures, self.make, self.seed, self.turned = pictures, make, seed, turned

    def __iter__(self) -> Iterator[Sample]:
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            yield self.make(cut(self.pictures, rng, turned=self.turned), rng)


def _planes(picture: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))


class SamplePool:
    """Samples on the training device, gradually replaced by new ones.

    A batch takes crops of all samples in the pool, more often of those with a large error.
    """

    def __init__(self, samples: Samples, *, size: int, workers: int, device: torch.device) -> None:
        self._loader = DataLoader(
            samples, batch_size=None, num_workers=workers, prefetch_factor=8 if workers else None
        )
        self._source = iter(self._loader)
        self._rng = np.random.default_rng(samples.seed)
        first = next(self._source)
        self.size, self.filled, self._next = size, 0, 0
        self._hardness = np.ones(size)
        self._kept = {
            name: torch.empty((size, *value.shape), dtype=value.dtype, device=device)
            for name, value in first.items()
        }
        self._put(first)

    def _put(self, sample: Sample) -> None:
        for name, value in sample.items():
            self._kept[name][self._next].copy_(value, non_blocking=True)
        self._hardness[self._next] = _hardness(sample)
        self._next = (self._next + 1) % self.size
        self.filled = min(self.filled + 1, self.size)

    def refresh(self, count: int) -> None:
        """Take count new samples from the workers in place of the oldest."""
        for _ in range(count):
            self._put(next(self._source))

    def batch(self, count: int, side: int) -> Sample:
        """Return count crops of side x side pixels, a multiple of 8, of random samples.

        Pictures are float 0..1 in channels-last order. Crops start at corners of cells.
        """
        rng = self._rng
        device = self._kept["picture"].device
        share = self._hardness[: self.filled] / self._hardness[: self.filled].sum()
        which = torch.from_numpy(rng.choice(self.filled, count, p=share)).to(device)
        corners = rng.integers((CUT - side) // CELL + 1, size=(2, count))
        top, left = torch.from_numpy(corners).to(device)
        crops = {}
        for name, kept in self._kept.items():
            unit = kept.shape[-1] * CELL // CUT  # 1 for cells, 8 for pixels
            along = torch.arange(side * unit // CELL, device=device)
            rows = (top[:, None] * unit + along)[:, :, None]
            columns = (left[:, None] * unit + along)[:, None, :]
            crop = kept[which[:, None, None], :, rows, columns]  # (B, side, side, C)
            crops[name] = _as_float(crop.permute(0, 3, 1, 2))
        return crops

    def all(self) -> Sample:
        """Return every sample in the pool, whole; pictures are float 0..1."""
        return {name: _as_float(kept[: self.filled]) for name, kept in self._kept.items()}


def _hardness(sample: Sample) -> float:
    """Return how often a sample is drawn: in proportion to its error, but the easiest ones too."""
    if "decoded" not in sample:
        return 1.0
    error = (sample["picture"].float() - sample["decoded"].float()).abs().mean()
    return float(error) + EASIEST


def _as_float(value: Tensor) -> Tensor:
    """Return pictures as 0..1 in channels-last order, other values as they are."""
    if value.dtype != torch.uint8:
        return value
    return value.float().div_(255).contiguous(memory_format=torch.channels_last)
