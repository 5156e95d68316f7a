"""The paper's table 1, measured again: SSIM and bytes, which the paper does not give.

A run leaves table1.json with all measurements, and table1.csv with the means.
"""

import csv
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

import ablc
from ablc import files, metrics
from ablc.eval.folder import Folder, Photo
from ablc.eval.paper import ssim
from ablc.eval.paper.protocols import PROTOCOLS
from ablc.eval.paper.table1_systems import JPEGS, System, all_systems
from ablc.eval.running import Advance, Failed, MeasuringTask, Outcome, run
from ablc.eval.store import JsonObject, Store, TaskResult, ablc_fingerprint, key_of
from ablc.options import check_choice

QUICK = 4  # pictures
LEAD = 0.10  # over JPEG's SSIM, expected at equal bytes at its lowest qualities
COLUMNS = ("ssim", "luma_ssim", "psnr", "bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """How the table is measured, and on which pictures."""

    protocol: str = "kodak-227"
    reference_form: bool = False
    quick: bool = False  # only the first QUICK pictures

    def __post_init__(self) -> None:
        check_choice("protocol", self.protocol, tuple(PROTOCOLS))

    def photos(self, folder: Folder) -> tuple[Photo, ...]:
        """Return the pictures of a folder that are measured."""
        return folder.photos[:QUICK] if self.quick else folder.photos


@dataclass(frozen=True, slots=True)
class Check:
    """A statement about the table, and whether it holds."""

    text: str
    holds: bool
    detail: str  # the figures


def measure(
    folder: Folder,
    settings: TableSettings,
    store: Store,
    jobs: int,
    advance: Advance = lambda _: None,
) -> JsonObject:
    """Return the content of table1.json: the table of a folder's pictures."""
    begun = time.monotonic()
    photos = settings.photos(folder)
    systems = all_systems(reference_form=settings.reference_form)
    tasks = [_task(system, photo, settings) for photo in photos for system in systems]
    outcomes = iter(run(tasks, store, jobs, advance))
    by_system: dict[str, dict[str, Outcome]] = {system.id: {} for system in systems}
    for photo in photos:
        for system in systems:
            by_system[system.id][photo.name] = next(outcomes)
    rows = [_row(system, by_system[system.id]) for system in systems]
    return {
        "kind": "table1",
        "ablc": ablc.__version__,
        "protocol": settings.protocol,
        "reference_form": settings.reference_form,
        "quick": settings.quick,
        "pictures": [photo.name for photo in photos],
        "broken": [asdict(file) for file in folder.broken],
        "seconds": round(time.monotonic() - begun, 1),
        "jobs": jobs,
        "rows": rows,
        "checks": [asdict(check) for check in checks({row["id"]: row for row in rows})],
    }


def count(folder: Folder, settings: TableSettings) -> int:
    """Return the number of measurements that measure() takes."""
    return len(settings.photos(folder)) * len(all_systems())


def write(table: JsonObject, out: Path) -> None:
    """Write table1.json and table1.csv to a folder, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    files.write(str(out / "table1.json"), (json.dumps(table, indent=1) + "\n").encode())
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(("id", "group", "name", "paper", *COLUMNS, "failed", "how"))
    for row in table["rows"]:
        values = (row[name] for name in ("id", "group", "name", "paper", *COLUMNS))
        lines.writerow((*values, len(row["failed"]), row["how"]))
    files.write(str(out / "table1.csv"), text.getvalue().encode())


def checks(rows: Mapping[str, JsonObject]) -> list[Check]:
    """Return what the paper's table shows and what ablc should show beside it, checked.

    rows: by id of the system.
    """
    ssim = {id_: row["ssim"] for id_, row in rows.items() if row["ssim"] is not None}
    of_paper = [row for row in rows.values() if row["group"] == "paper" and row["paper"]]
    below = [row["name"] for row in of_paper if not ssim.get(row["id"], 0.0) >= row["paper"]]
    results = [
        Check(
            "every system of the paper has at least the paper's SSIM",
            not below,
            f"{len(of_paper) - len(below)} of {len(of_paper)} rows"
            + (f"; not {', '.join(below)}" if below else ""),
        )
    ]
    chains = (
        ("pixels, blocks, blocks + random, in rising order", ("pixels", "blocks", "random")),
        *(
            (f"{name} gain from the {loss} loss", (base, f"{base}+{loss}"))
            for base, name in (("pixels", "pixels"), ("random", "blocks + random"))
            for loss in ("style", "content", "edge")
        ),
    )
    results += [_rising(text, ids, ssim) for text, ids in chains]
    for quality in JPEGS:
        ours, theirs = ssim.get(f"ablc-{quality}"), ssim.get(f"jpeg-{quality}")
        least = LEAD if quality in (1, 5) else 0.0
        text = f"ablc at the bytes of JPEG {quality} % has a higher SSIM"
        text += f" by at least {least:.2f}" if least else ""
        if ours is None or theirs is None:
            results.append(Check(text, False, "not measured"))
        else:
            gain = ours - theirs
            holds = gain >= least if least else gain > 0
            results.append(Check(text, holds, f"{theirs:.4f} to {ours:.4f}: {gain:+.4f}"))
    return results


def _rising(text: str, ids: Sequence[str], ssim: Mapping[str, float]) -> Check:
    """Check that the SSIM of some systems rises in their order."""
    values = [ssim.get(id_) for id_ in ids]
    known = [value for value in values if value is not None]
    holds = len(known) == len(values) and all(a < b for a, b in pairwise(known))
    shown = ("not measured" if value is None else f"{value:.4f}" for value in values)
    return Check(text, holds, ", ".join(shown))


def _task(system: System, photo: Photo, settings: TableSettings) -> MeasuringTask:
    key = key_of(
        "table1",
        system.id,
        settings.protocol,
        settings.reference_form,
        photo.digest,
        ablc_fingerprint(__name__),
    )
    return MeasuringTask(
        key, f"{photo.name}, {system.name}", measure_one, (system.id, photo, settings)
    )


def measure_one(id_: str, photo: Photo, settings: TableSettings) -> TaskResult:
    """Return the figures of one system for one picture. Raises what the system raises."""
    systems = all_systems(reference_form=settings.reference_form)
    system = next(system for system in systems if system.id == id_)
    pixels = PROTOCOLS[settings.protocol](photo.load())
    data = system.encode(pixels)
    painted = system.paint(data)
    comparison = metrics.compare(pixels, painted)
    row = {
        "ssim": ssim.ssim_rgb(pixels, painted),
        "luma_ssim": comparison.ssim,
        "psnr": comparison.psnr,
        "bytes": len(data),
    }
    return TaskResult(row)


def _row(system: System, outcomes: Mapping[str, Outcome]) -> JsonObject:
    each = {name: row for name, row in outcomes.items() if not isinstance(row, Failed)}
    failed = [(name, row.reason) for name, row in outcomes.items() if isinstance(row, Failed)]
    means = {
        column: float(np.mean([row[column] for row in each.values()])) if each else None
        for column in COLUMNS
    }
    return {
        "id": system.id,
        "group": system.group,
        "name": system.name,
        "paper": system.paper,
        "how": system.how,
        **means,
        "failed": [{"name": name, "reason": reason} for name, reason in failed],
        "each": each,
    }
