"""The paper's figures on other pictures, and the survey of its appendix.

A run leaves figures.json and the folder figures with its sheets.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ablc
from ablc import files
from ablc.eval.folder import Folder, Photo
from ablc.eval.paper import sampling, survey
from ablc.eval.paper.experiments import Trial, count, try_all
from ablc.eval.paper.sheets import Figure
from ablc.eval.running import Step
from ablc.eval.store import Store

SHOWN, SHOWN_QUICK = 2, 1  # pictures of which sheets are drawn
MEASURED, MEASURED_QUICK = 6, 2  # pictures over which figures are means


@dataclass(frozen=True, slots=True)
class Plan:
    """Which pictures are tried, and how much."""

    shown: tuple[Photo, ...]
    measured: tuple[Photo, ...]
    quick: bool
    figures: tuple[Figure, ...]

    @property
    def pairs(self) -> list[tuple[Trial, Photo]]:
        """All trials with their pictures."""
        found = []
        for figure in self.figures:
            found += [(trial, photo) for trial in figure.shown for photo in self.shown]
            found += [(trial, photo) for trial in figure.measured for photo in self.measured]
        return found

    @property
    def count(self) -> int:
        """How many measurements draw() takes."""
        return count(self.pairs)


def plan(folder: Folder, *, quick: bool = False) -> Plan:
    """What is tried on a folder's pictures: some of them, evenly spread."""
    shown = _spread(folder.photos, SHOWN_QUICK if quick else SHOWN)
    measured = _spread(folder.photos, MEASURED_QUICK if quick else MEASURED)
    found = (*sampling.figures(quick=quick), *survey.figures(quick=quick))
    return Plan(shown, measured, quick, found)


def draw(
    folder: Folder, wanted: Plan, store: Store, out: Path, jobs: int, step: Step = lambda _: None
) -> dict[str, Any]:
    """Tries everything, draws the sheets into out/figures, and writes out/figures.json.

    A figure of which something failed, say because networks are missing, is drawn of the rest; the
    reasons are in the result, which is what figures.json holds.
    """
    tried = try_all(wanted.pairs, store, jobs, step)
    (out / "figures").mkdir(parents=True, exist_ok=True)
    drawn = [figure.draw(tried, wanted.shown, wanted.measured, out) for figure in wanted.figures]
    found = {
        "kind": "figures",
        "ablc": ablc.__version__,
        "quick": wanted.quick,
        "pictures": [photo.name for photo in wanted.measured],
        "broken": [asdict(one) for one in folder.broken],
        "failed": tried.failures(),
        "figures": drawn,
    }
    files.write(str(out / "figures.json"), (json.dumps(found, indent=1) + "\n").encode())
    return found


def _spread(photos: Sequence[Photo], most: int) -> tuple[Photo, ...]:
    some = min(most, len(photos))
    return tuple(photos[i * len(photos) // some] for i in range(some))
