"""The paper's table 1, measured again: SSIM and, what the paper does not give, bytes.

A run leaves table1.json, all that was measured, and table1.csv, the means.
"""

import csv
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import ablc
from ablc import files, metrics
from ablc.eval.folder import Folder, Photo
from ablc.eval.paper import ssim
from ablc.eval.paper.protocols import PROTOCOLS
from ablc.eval.paper.systems import JPEGS, System, all_systems
from ablc.eval.running import Failed, Outcome, Step, Task, run
from ablc.eval.store import Result, Row, Store, ablc_fingerprint, key_of

QUICK = 4  # pictures
AHEAD = 0.10  # of JPEG's SSIM, at equal bytes and its lowest qualities
COLUMNS = ("ssim", "luma_ssim", "psnr", "bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured."""

    protocol: str = "kodak-227"
    reference_form: bool = False
    quick: bool = False  # the first QUICK pictures

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise ValueError(
                f"the protocol must be one of {', '.join(PROTOCOLS)}, not {self.protocol}"
            )

    def photos(self, folder: Folder) -> tuple[Photo, ...]:
        """Those of a folder that are measured."""
        return folder.photos[:QUICK] if self.quick else folder.photos


@dataclass(frozen=True, slots=True)
class Check:
    """Something that the table is to show."""

    text: str
    holds: bool
    detail: str  # the figures


def measure(
    folder: Folder, plan: Plan, store: Store, jobs: int, step: Step = lambda _: None
) -> dict[str, Any]:
    """The table of a folder's pictures, as table1.json has it (write())."""
    begun = time.monotonic()
    photos = plan.photos(folder)
    systems = all_systems(reference_form=plan.reference_form)
    tasks = [_task(system, photo, plan) for photo in photos for system in systems]
    outcomes = iter(run(tasks, store, jobs, step))
    found: dict[str, dict[str, Outcome]] = {system.id: {} for system in systems}
    for photo in photos:
        for system in systems:
            found[system.id][photo.name] = next(outcomes)
    rows = [_row(system, found[system.id]) for system in systems]
    return {
        "kind": "table1",
        "ablc": ablc.__version__,
        "protocol": plan.protocol,
        "reference_form": plan.reference_form,
        "quick": plan.quick,
        "pictures": [photo.name for photo in photos],
        "broken": [asdict(one) for one in folder.broken],
        "seconds": round(time.monotonic() - begun, 1),
        "jobs": jobs,
        "rows": rows,
        "checks": [asdict(check) for check in checks({row["id"]: row for row in rows})],
    }


def count(folder: Folder, plan: Plan) -> int:
    """How many measurements measure() takes."""
    return len(plan.photos(folder)) * len(all_systems())


def write(table: Mapping[str, Any], out: Path) -> None:
    """table1.json and table1.csv in a folder, which is made if it is not there."""
    out.mkdir(parents=True, exist_ok=True)
    files.write(str(out / "table1.json"), (json.dumps(table, indent=1) + "\n").encode())
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(("id", "group", "name", "paper", *COLUMNS, "failed", "how"))
    for row in table["rows"]:
        values = (row[name] for name in ("id", "group", "name", "paper", *COLUMNS))
        lines.writerow((*values, len(row["failed"]), row["how"]))
    files.write(str(out / "table1.csv"), text.getvalue().encode())


def checks(rows: Mapping[str, Row]) -> list[Check]:
    """What the paper's table shows, and what ablc is to show beside it."""
    ssim = {id_: row["ssim"] for id_, row in rows.items() if row["ssim"] is not None}
    of_paper = [row for row in rows.values() if row["group"] == "paper" and row["paper"]]
    below = [row["name"] for row in of_paper if not ssim.get(row["id"], 0.0) >= row["paper"]]
    found = [
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
    found += [_rising(text, ids, ssim) for text, ids in chains]
    for quality in JPEGS:
        ours, theirs = ssim.get(f"ablc-{quality}"), ssim.get(f"jpeg-{quality}")
        least = AHEAD if quality in (1, 5) else 0.0
        text = f"ablc at the bytes of JPEG {quality} % has a higher SSIM"
        text += f" by at least {least:.2f}" if least else ""
        if ours is None or theirs is None:
            found.append(Check(text, False, "not measured"))
        else:
            gain = ours - theirs
            holds = gain >= least if least else gain > 0
            found.append(Check(text, holds, f"{theirs:.4f} to {ours:.4f}: {gain:+.4f}"))
    return found


def _rising(text: str, ids: Sequence[str], ssim: Mapping[str, float]) -> Check:
    values = [ssim.get(id_) for id_ in ids]
    known = [value for value in values if value is not None]
    holds = len(known) == len(values) and all(a < b for a, b in pairwise(known))
    shown = ("not measured" if value is None else f"{value:.4f}" for value in values)
    return Check(text, holds, ", ".join(shown))


def _task(system: System, photo: Photo, plan: Plan) -> Task:
    key = key_of(
        "table1",
        system.id,
        plan.protocol,
        plan.reference_form,
        photo.digest,
        ablc_fingerprint(__name__),
    )
    return Task(key, f"{photo.name}, {system.name}", measure_one, (system.id, photo, plan))


def measure_one(id_: str, photo: Photo, plan: Plan) -> Result:
    """One row's figures for one picture. Raises what the row's system does."""
    systems = all_systems(reference_form=plan.reference_form)
    system = next(system for system in systems if system.id == id_)
    pixels = PROTOCOLS[plan.protocol](photo.load())
    data = system.code(pixels)
    painted = system.paint(data)
    found = metrics.compare(pixels, painted)
    row = {
        "ssim": ssim.ssim_rgb(pixels, painted),
        "luma_ssim": found.ssim,
        "psnr": found.psnr,
        "bytes": len(data),
    }
    return Result(row)


def _row(system: System, outcomes: Mapping[str, Outcome]) -> Row:
    each = {name: one for name, one in outcomes.items() if not isinstance(one, Failed)}
    failed = [(name, one.reason) for name, one in outcomes.items() if isinstance(one, Failed)]
    means = {
        column: float(np.mean([one[column] for one in each.values()])) if each else None
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
