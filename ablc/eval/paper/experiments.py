"""Experiments: a picture encoded and painted in some way, for the figures and the survey."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

import ablc
from ablc import metrics, pictures
from ablc.arrays import CELL, Flags, Pixels
from ablc.eval.folder import Photo
from ablc.eval.paper import ssim
from ablc.eval.paper.latent_update import refine
from ablc.eval.paper.protocols import PROTOCOLS
from ablc.eval.paper.table1_systems import all_systems
from ablc.eval.running import Advance, Failed, MeasuringTask, Outcome, run
from ablc.eval.store import Store, TaskResult, ablc_fingerprint, key_of
from ablc.runtime import latent
from ablc.schemes import SQUARE, Scheme
from ablc.settings import Assist

PROTOCOL = "kodak-227"
PAINTED = "painted.png"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A mask, assistant information, and a way to paint the rest; or a system of table 1."""

    mask: Scheme | Literal["hole"] = field(default_factory=Scheme)  # "hole": see hole()
    assist: tuple[Assist, ...] = ()
    paint: Literal["classical", "net", "update"] = "update"
    updates: latent.UpdateSettings = field(default_factory=latent.UpdateSettings)
    system: str | None = None  # id of table1_systems.all_systems(), in place of all the above

    def key(self, photo: Photo) -> str:
        """Return the key of the result for a picture."""
        fingerprint = ablc_fingerprint(__name__)
        return key_of("experiment", repr(self), PROTOCOL, photo.digest, fingerprint)


class ExperimentResults:
    """Outcomes by experiment and picture."""

    def __init__(self, outcomes: Mapping[str, Outcome], store: Store) -> None:
        self._outcomes = outcomes  # by key
        self._store = store

    def row(self, experiment: Experiment, photo: Photo) -> Outcome:
        """Return the figures of an experiment on a picture."""
        return self._outcomes[experiment.key(photo)]

    def each(self, experiment: Experiment, photos: Iterable[Photo], name: str) -> list[Any]:
        """Return a figure of all pictures for which it exists."""
        rows = [self.row(experiment, photo) for photo in photos]
        values = [row[name] for row in rows if not isinstance(row, Failed)]
        return [value for value in values if value is not None]

    def mean(self, experiment: Experiment, photos: Iterable[Photo], name: str) -> float | None:
        """Return the mean of a figure over the pictures for which it exists; None without any."""
        values = self.each(experiment, photos, name)
        return float(np.mean(values)) if values else None

    def picture(self, experiment: Experiment, photo: Photo) -> Pixels:
        """Return the painted picture, (H, W, 3), of an experiment that has not failed."""
        path = self._store.file(experiment.key(photo), PAINTED)
        return pictures.parse(path.read_bytes()).pixels

    def failures(self) -> list[str]:
        """Return the reasons of all failures, each once."""
        failed = [outcome for outcome in self._outcomes.values() if isinstance(outcome, Failed)]
        return list(dict.fromkeys(outcome.reason for outcome in failed))


def run_all(
    pairs: Sequence[tuple[Experiment, Photo]],
    store: Store,
    jobs: int,
    advance: Advance = lambda _: None,
) -> ExperimentResults:
    """Run every experiment on its picture; equal pairs once."""
    by_key = {experiment.key(photo): (experiment, photo) for experiment, photo in pairs}
    tasks = [MeasuringTask(key, pair[1].name, run_one, pair) for key, pair in by_key.items()]
    outcomes = run(tasks, store, jobs, advance)
    return ExperimentResults(dict(zip(by_key, outcomes, strict=True)), store)


def count(pairs: Sequence[tuple[Experiment, Photo]]) -> int:
    """Return the number of measurements that run_all() takes."""
    return len({experiment.key(photo) for experiment, photo in pairs})


def small(photo: Photo) -> Pixels:
    """Return the picture that is encoded, (227, 227, 3)."""
    return PROTOCOLS[PROTOCOL](photo.load())


def run_one(experiment: Experiment, photo: Photo) -> TaskResult:
    """Return figures and painted picture of an experiment.

    Raises what encoding and painting raise.
    """
    pixels = small(photo)
    updates: list[latent.UpdateResult] = []
    if experiment.system is not None:
        system = next(system for system in all_systems() if system.id == experiment.system)
        data = system.encode(pixels)
        painted = system.paint(data)
    else:
        mask = hole(*pixels.shape[:2]) if experiment.mask == "hole" else experiment.mask
        data = ablc.encode(pixels, mask=mask, assist=experiment.assist, threads=1)
        painted = (
            refine(data, experiment.updates, threads=1, watch=updates.append)
            if experiment.paint == "update"
            else ablc.decode(data, fill=experiment.paint, threads=1)
        )
    trace = [(point.iteration, point.loss) for point in updates[0].trace] if updates else None
    row = {
        "bytes": len(data),
        "ssim": ssim.ssim_rgb(pixels, painted),
        "luma_ssim": metrics.compare(pixels, painted).ssim,
        "loss": updates[0].loss if updates else None,
        "trace": trace,
    }
    return TaskResult(row, {PAINTED: pictures.pack(pictures.Picture(painted))})


def hole(height: int, width: int) -> Flags:
    """Return (R, C) cells of which all but a square of 100 pixels in the middle are kept."""
    kept = np.ones((-(-height // CELL), -(-width // CELL)), np.bool_)
    side = -(-SQUARE // CELL)
    top, left = (max(cells - side, 0) // 2 for cells in kept.shape)
    kept[top : top + side, left : left + side] = False
    return kept
