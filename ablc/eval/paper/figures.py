"""The paper's figures on other pictures, and the survey of its appendix.

A run leaves figures.json and the folder figures with its sheets.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import ablc
from ablc import files
from ablc.eval.folder import Folder, Photo
from ablc.eval.paper import sampling, survey
from ablc.eval.paper.experiments import Experiment, count, run_all
from ablc.eval.paper.sheets import PaperFigure
from ablc.eval.running import Advance
from ablc.eval.store import JsonObject, Store

SHOWN, SHOWN_QUICK = 2, 1  # pictures with sheets
MEASURED, MEASURED_QUICK = 6, 2  # pictures over which figures are averaged


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """The figures, and the pictures on which their experiments run."""

    shown: tuple[Photo, ...]
    measured: tuple[Photo, ...]
    quick: bool
    figures: tuple[PaperFigure, ...]

    @property
    def pairs(self) -> list[tuple[Experiment, Photo]]:
        """Return all experiments with their pictures."""
        pairs = []
        for figure in self.figures:
            pairs += [(experiment, photo) for experiment in figure.shown for photo in self.shown]
            pairs += [
                (experiment, photo) for experiment in figure.measured for photo in self.measured
            ]
        return pairs

    @property
    def count(self) -> int:
        """Return the number of measurements that draw() takes."""
        return count(self.pairs)


def plan(folder: Folder, *, quick: bool = False) -> FigurePlan:
    """Return the experiments on some pictures of a folder, evenly spread. quick: fewer of both."""
    shown = _spread(folder.photos, SHOWN_QUICK if quick else SHOWN)
    measured = _spread(folder.photos, MEASURED_QUICK if quick else MEASURED)
    figures = (*sampling.figures(quick=quick), *survey.figures(quick=quick))
    return FigurePlan(shown, measured, quick, figures)


def draw(
    folder: Folder,
    plan: FigurePlan,
    store: Store,
    out: Path,
    jobs: int,
    advance: Advance = lambda _: None,
) -> JsonObject:
    """Run all experiments, draw the sheets into out/figures, and write out/figures.json.

    Where experiments fail, say because networks are missing, figures show the others. Returns the
    content of figures.json, which has the reasons.
    """
    results = run_all(plan.pairs, store, jobs, advance)
    (out / "figures").mkdir(parents=True, exist_ok=True)
    content = {
        "kind": "figures",
        "ablc": ablc.__version__,
        "quick": plan.quick,
        "pictures": [photo.name for photo in plan.measured],
        "broken": [asdict(file) for file in folder.broken],
        "failed": results.failures(),
        "figures": [
            figure.draw(results, plan.shown, plan.measured, out) for figure in plan.figures
        ],
    }
    files.write(str(out / "figures.json"), (json.dumps(content, indent=1) + "\n").encode())
    return content


def _spread(photos: Sequence[Photo], most: int) -> tuple[Photo, ...]:
    some = min(most, len(photos))
    return tuple(photos[i * len(photos) // some] for i in range(some))
