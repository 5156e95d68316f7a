"""A folder's pictures by ablc and its peers at equal bytes: gallery.json, .csv and files to see."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import ablc
from ablc import files
from ablc.eval.folder import Folder, Photo
from ablc.eval.page import images
from ablc.eval.report.versions import OWN, PEERS, Plan, measure
from ablc.eval.running import Failed, Outcome, Step, Task, run
from ablc.eval.store import Result, Row, Store, ablc_fingerprint, key_of
from ablc.peers import libraries
from ablc.peers.codec import MissingCodecError

SHOWN = 8  # pictures with a slider, unless asked for more
SHOWN_AS = (
    f"For this page all of them are coded again, as WebP of quality {images.QUALITY}: near enough"
    " to be looked at, while the figures are of the pixels themselves."
)
COLUMNS = ("bytes", "ssim", "psnr", "inside", "outside", "lpips", "note")  # of gallery.csv
PIXELS_MOST = 50_000_000  # larger pictures are listed: codecs take 100 bytes a pixel and more


def make(
    folder: Folder,
    out: Path,
    plan: Plan,
    store: Store,
    *,
    jobs: int = 1,
    shown: int = SHOWN,
    step: Step = lambda _: None,
) -> list[tuple[str, str]]:
    """Writes the results of a folder's pictures, and returns those that failed, with reasons.

    jobs: processes. shown: so many pictures get files to look at. step: called with the name of
    every picture that is done.
    Raises ValueError if no picture could be measured.
    """
    listed = [_listed(name) for name in PEERS]
    tasks = _tasks(folder.photos, plan, shown, listed)
    outcomes = run(tasks, store, jobs, step)
    failed = [(one.name, one.reason) for one in folder.broken]
    failed += [
        (photo.path.name, outcome.reason)
        for photo, outcome in zip(folder.photos, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    pictures = _gathered(folder.photos, tasks, outcomes, out, store)
    if not pictures:
        raise ValueError("no picture could be measured: " + "; ".join(map(": ".join, failed[:3])))
    goal = str(plan.goal)
    own = {"name": OWN, "settings": goal, "library": f"ablc {ablc.__version__}", "missing": None}
    content = {
        "kind": "gallery",
        "ablc": ablc.__version__,
        "goal": goal,
        "shown_as": SHOWN_AS,
        "broken": [{"name": name, "reason": reason} for name, reason in failed],
        "codecs": [own, *listed],
        "pictures": pictures,
    }
    files.write(str(out / "gallery.json"), json.dumps(content, indent=1).encode())
    files.write(str(out / "gallery.csv"), _csv(pictures).encode("utf-8", "replace"))
    return failed


def _tasks(photos: Sequence[Photo], plan: Plan, shown: int, listed: Sequence[Row]) -> list[Task]:
    """One for each picture; what is shown of it counts as part of the result."""
    decisive = (
        ablc_fingerprint(__name__),
        json.dumps(listed),
        repr(plan.goal),
        plan.where,
        str(plan.weights is not None),
        *(roi.fingerprint() for roi in plan.rois),
    )
    return [
        Task(
            key_of("gallery", photo.digest, i < shown, *decisive),
            photo.name,
            _measure,
            (photo, plan, i < shown),
        )
        for i, photo in enumerate(photos)
    ]


def _measure(photo: Photo, plan: Plan, shown: bool) -> Result:
    if photo.height * photo.width > PIXELS_MOST:
        raise ValueError(f"more than {PIXELS_MOST / 1e6:.0f} megapixels")
    return measure(photo, plan, shown)


def _gathered(
    photos: Sequence[Photo],
    tasks: Sequence[Task],
    outcomes: Sequence[Outcome],
    out: Path,
    store: Store,
) -> list[Row]:
    """The rows of the pictures, their files copied into the results folder."""
    home = out / "gallery"
    home.mkdir(parents=True, exist_ok=True)
    pictures = []
    for photo, task, outcome in zip(photos, tasks, outcomes, strict=True):
        if isinstance(outcome, Failed):
            continue
        row = outcome | {"name": photo.name}  # a copy of a file has its result, not its name
        for part in [*row["versions"], *row["maps"]]:
            if part["file"]:
                name = f"{photo.digest[:12]}-{part['file']}"
                files.write(str(home / name), store.file(task.key, part["file"]).read_bytes())
                part["file"] = f"gallery/{name}"
        pictures.append(row)
    return pictures


def _listed(name: str) -> Row:
    """A peer as gallery.json names it."""
    try:
        codec = libraries.peer(name)
    except MissingCodecError as error:
        return {"name": name, "settings": "", "library": "", "missing": str(error)}
    about = {"settings": codec.settings, "library": codec.library, "missing": None}
    return {"name": name, **about}


def _csv(pictures: Sequence[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["picture", "codec", *COLUMNS])
    for picture in pictures:
        for version in picture["versions"][1:]:
            figures = [version[column] for column in COLUMNS]
            writer.writerow([picture["name"], version["codec"], *figures])
    return file.getvalue()
