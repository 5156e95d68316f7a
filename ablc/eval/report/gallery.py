"""A folder's pictures by ablc and other codecs at equal bytes.

A run leaves gallery.json, gallery.csv and the folder gallery with files to look at.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import ablc
from ablc import files
from ablc.eval import webp
from ablc.eval.folder import Folder, Photo
from ablc.eval.report.comparison import ABLC, ReportSettings, measure
from ablc.eval.running import Advance, Failed, MeasuringTask, Outcome, run
from ablc.eval.store import JsonObject, Store, TaskResult, ablc_fingerprint, key_of
from ablc.peers import libraries
from ablc.peers.codec import MissingCodecError

SHOWN = 8  # pictures with a slider, by default
SHOWN_AS = (
    f"For this page all of them are encoded again, as WebP of quality {webp.QUALITY}: near enough"
    " for the eye. The figures are of the original pixels."
)
COLUMNS = (
    "bytes",
    "ssim",
    "psnr",
    "inside",
    "outside",
    "ssimulacra2",
    "lpips",
    "note",
)  # of gallery.csv
PIXELS_MOST = 50_000_000  # larger pictures are listed only: codecs take 100 bytes a pixel and more


def make(
    folder: Folder,
    out: Path,
    settings: ReportSettings,
    store: Store,
    *,
    jobs: int = 1,
    shown: int = SHOWN,
    advance: Advance = lambda _: None,
) -> list[tuple[str, str]]:
    """Write the results of a folder's pictures; return those that failed, with the reasons.

    jobs: number of processes. shown: the first pictures that get files to look at.
    Raises ValueError for an unknown peer, or if no picture could be measured.
    """
    peers = [_peer(name) for name in settings.peers]
    tasks = _tasks(folder.photos, settings, shown, peers)
    outcomes = run(tasks, store, jobs, advance)
    failed = [(file.name, file.reason) for file in folder.broken]
    failed += [
        (photo.path.name, outcome.reason)
        for photo, outcome in zip(folder.photos, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    pictures = _collect(folder.photos, tasks, outcomes, out, store)
    if not pictures:
        raise ValueError("no picture could be measured: " + "; ".join(map(": ".join, failed[:3])))
    content = _document(settings, peers, pictures, failed)
    files.write(str(out / "gallery.json"), json.dumps(content, indent=1).encode())
    files.write(str(out / "gallery.csv"), _csv(pictures).encode("utf-8", "replace"))
    return failed


def _document(
    settings: ReportSettings,
    peers: Sequence[JsonObject],
    pictures: Sequence[JsonObject],
    failed: Sequence[tuple[str, str]],
) -> JsonObject:
    """Return the content of gallery.json."""
    goal, library = str(settings.goal), f"ablc {ablc.__version__}"
    own = {"name": ABLC, "settings": goal, "library": library, "missing": None}
    return {
        "kind": "gallery",
        "ablc": ablc.__version__,
        "goal": goal,
        "shown_as": SHOWN_AS,
        "broken": [{"name": name, "reason": reason} for name, reason in failed],
        "codecs": [own, *peers],
        "pictures": pictures,
    }


def _tasks(
    photos: Sequence[Photo],
    settings: ReportSettings,
    shown: int,
    peers: Sequence[JsonObject],
) -> list[MeasuringTask]:
    """Return a task for each picture; whether it is shown is a part of its key."""
    decisive = (
        ablc_fingerprint(__name__),
        json.dumps(peers),
        repr(settings.goal),
        settings.where,
        str(settings.weights is not None),
        *(roi.fingerprint() for roi in settings.rois),
    )
    return [
        MeasuringTask(
            key_of("gallery", photo.digest, i < shown, *decisive),
            photo.name,
            _measure,
            (photo, settings, i < shown),
        )
        for i, photo in enumerate(photos)
    ]


def _measure(photo: Photo, settings: ReportSettings, shown: bool) -> TaskResult:
    if photo.height * photo.width > PIXELS_MOST:
        raise ValueError(f"more than {PIXELS_MOST / 1e6:.0f} megapixels")
    return measure(photo, settings, shown)


def _collect(
    photos: Sequence[Photo],
    tasks: Sequence[MeasuringTask],
    outcomes: Sequence[Outcome],
    out: Path,
    store: Store,
) -> list[JsonObject]:
    """Return the rows of the pictures, and copy their files into the results folder."""
    home = out / "gallery"
    home.mkdir(parents=True, exist_ok=True)
    pictures = []
    for photo, task, outcome in zip(photos, tasks, outcomes, strict=True):
        if isinstance(outcome, Failed):
            continue
        row = outcome | {"name": photo.name}  # the result may be that of a copy under another name
        for part in [*row["versions"], *row["maps"]]:
            if part["file"]:
                name = f"{photo.digest[:12]}-{part['file']}"
                files.write(str(home / name), store.file(task.key, part["file"]).read_bytes())
                part["file"] = f"gallery/{name}"
        pictures.append(row)
    return pictures


def _peer(name: str) -> JsonObject:
    """Return a peer as gallery.json has it."""
    try:
        codec = libraries.peer(name)
    except MissingCodecError as error:
        return {"name": name, "settings": "", "library": "", "missing": str(error)}
    about = {"settings": codec.settings, "library": codec.library, "missing": None}
    return {"name": name, **about}


def _csv(pictures: Sequence[JsonObject]) -> str:
    """Return a line for each version of each picture, without the originals."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["picture", "codec", *COLUMNS])
    for picture in pictures:
        for version in picture["versions"][1:]:
            figures = [version[column] for column in COLUMNS]
            writer.writerow([picture["name"], version["codec"], *figures])
    return file.getvalue()
