"""Ways to code and paint a picture, tried out: for figures and surveys."""

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
from ablc.eval.paper.systems import all_systems
from ablc.eval.running import Failed, Outcome, Step, Task, run
from ablc.eval.store import Result, Store, ablc_fingerprint, key_of
from ablc.runtime import latent
from ablc.schemes import SQUARE, Scheme
from ablc.settings import Assist

PROTOCOL = "kodak-227"
PAINTED = "painted.png"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mask, what is told beside it, and what paints the rest; or a system by name."""

    mask: Scheme | Literal["hole"] = field(default_factory=Scheme)  # hole: see hole()
    told: tuple[Assist, ...] = ()
    paint: Literal["classical", "net", "update"] = "update"
    updates: latent.Settings = field(default_factory=latent.Settings)
    system: str | None = None  # a row of systems.all_systems(), instead of all this

    def key(self, photo: Photo) -> str:
        """Of the result for a picture."""
        return key_of("trial", repr(self), PROTOCOL, photo.digest, ablc_fingerprint(__name__))


class Tried:
    """What trials came to, by trial and picture."""

    def __init__(self, outcomes: Mapping[str, Outcome], store: Store) -> None:
        self._outcomes = outcomes
        self._store = store

    def row(self, trial: Trial, photo: Photo) -> Outcome:
        """The figures of one; Failed if it did not come about."""
        return self._outcomes[trial.key(photo)]

    def each(self, trial: Trial, photos: Iterable[Photo], name: str) -> list[Any]:
        """A figure of all pictures for which it is there."""
        rows = [self.row(trial, photo) for photo in photos]
        values = [row[name] for row in rows if not isinstance(row, Failed)]
        return [value for value in values if value is not None]

    def mean(self, trial: Trial, photos: Iterable[Photo], name: str) -> float | None:
        """Of a figure over those pictures; None without any."""
        values = self.each(trial, photos, name)
        return float(np.mean(values)) if values else None

    def picture(self, trial: Trial, photo: Photo) -> Pixels:
        """What was painted, (H, W, 3), by a trial that has not failed."""
        return pictures.parse(self._store.file(trial.key(photo), PAINTED).read_bytes()).pixels

    def failures(self) -> list[str]:
        """The reasons of those that failed, each once."""
        found = [one.reason for one in self._outcomes.values() if isinstance(one, Failed)]
        return list(dict.fromkeys(found))


def try_all(
    pairs: Sequence[tuple[Trial, Photo]], store: Store, jobs: int, step: Step = lambda _: None
) -> Tried:
    """Every trial on its picture; equal ones once."""
    wanted = {trial.key(photo): (trial, photo) for trial, photo in pairs}
    tasks = [Task(key, pair[1].name, try_one, pair) for key, pair in wanted.items()]
    return Tried(dict(zip(wanted, run(tasks, store, jobs, step), strict=True)), store)


def count(pairs: Sequence[tuple[Trial, Photo]]) -> int:
    """How many measurements try_all() takes."""
    return len({trial.key(photo) for trial, photo in pairs})


def small(photo: Photo) -> Pixels:
    """The picture that is coded, (227, 227, 3)."""
    return PROTOCOLS[PROTOCOL](photo.load())


def try_one(trial: Trial, photo: Photo) -> Result:
    """Figures and the painted picture of one trial. Raises what coding and painting do."""
    pixels = small(photo)
    found: list[latent.Result] = []
    if trial.system is not None:
        system = next(one for one in all_systems() if one.id == trial.system)
        data = system.code(pixels)
        painted = system.paint(data)
    else:
        mask = hole(*pixels.shape[:2]) if trial.mask == "hole" else trial.mask
        data = ablc.encode(pixels, mask=mask, assist=trial.told, threads=1)
        painted = (
            refine(data, trial.updates, threads=1, watch=found.append)
            if trial.paint == "update"
            else ablc.decode(data, fill=trial.paint, threads=1)
        )
    row = {
        "bytes": len(data),
        "ssim": ssim.ssim_rgb(pixels, painted),
        "luma_ssim": metrics.compare(pixels, painted).ssim,
        "loss": found[0].loss if found else None,
        "trace": [(one.iteration, one.loss) for one in found[0].trace] if found else None,
    }
    return Result(row, {PAINTED: pictures.pack(pictures.Picture(painted))})


def hole(height: int, width: int) -> Flags:
    """(R, C) cells of which all but a square of 100 pixels in the middle are kept."""
    kept = np.ones((-(-height // CELL), -(-width // CELL)), np.bool_)
    side = -(-SQUARE // CELL)
    top, left = (max(cells - side, 0) // 2 for cells in kept.shape)
    kept[top : top + side, left : left + side] = False
    return kept
