"""The tables of networks.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import network_graphs as graphs
import numpy as np
from network_graphs import CLASSICAL
from perceptual import DISTANCES
from printing import markdown
from rd import METRICS

from ablc.eval.measures.catalogue import Measurements
from ablc.eval.measures.regional import decibels
from ablc.eval.rd.curves import Mean

SPAN = (0.05, 0.5)  # bits per pixel of the BD-rates
MEASURES = {**METRICS, **DISTANCES}
STAGE2_MEASURES = {**METRICS, "lpips": DISTANCES["lpips"]}
STAGE2 = """**Stage II**: the file holds the picture at a quarter of its sides, and a label

The label is what `condition-small` sees; *named*: SqueezeNet's best class, as someone might name
what the picture shows; *untold*: none. *cubic* is the same small picture, interpolated; *ablc* a
stream of the whole picture within the bytes of the first row, by what fills it."""
BD_METRICS = {**METRICS, "lpips": "LPIPS-AlexNet"}
PART_MEASURES = {
    "kept_psnr": "PSNR, kept",
    "kept_ssim": "SSIM, kept",
    "dropped_psnr": "PSNR, dropped",
    "dropped_ssim": "SSIM, dropped",
}


def quality_table(
    result: Mapping[str, Mapping[str, Mapping[str, Measurements]]], quality: str
) -> str:
    by_fill: dict[str, list[Measurements]] = {}
    for of_picture in result.values():
        for name, row in of_picture[quality].items():
            by_fill.setdefault(name, []).append(row)
    means = {
        name: {key: float(np.mean([row[key] for row in rows])) for key in ("bpp", *MEASURES)}
        for name, rows in by_fill.items()
    }
    parts = {name: part_measures(rows) for name, rows in by_fill.items()}
    rate = means[CLASSICAL]["bpp"]
    dropped = 1 - kept_share(by_fill[CLASSICAL])
    head = f"**Quality {quality}, {rate:.4f} bpp**, mean over {len(result)} pictures"
    return "\n\n".join(
        [
            head,
            comparing(means, MEASURES),
            f"In kept blocks, and in dropped ones ({100 * dropped:.1f} % of the pixels)",
            comparing(parts, PART_MEASURES),
        ]
    )


def part_measures(rows: list[Measurements]) -> Measurements:
    """Return PSNR and SSIM over the pixels of all pictures together, if there are any."""
    result: Measurements = {}
    for part in ("kept", "dropped"):
        pixels, error, places, similar = (
            sum(row[f"{part}_{what}"] for row in rows)
            for what in ("pixels", "error", "places", "similar")
        )
        if places:
            result[f"{part}_psnr"] = decibels(error / pixels)
            result[f"{part}_ssim"] = similar / places
    return result


def kept_share(rows: list[Measurements]) -> float:
    kept, dropped = (sum(row[f"{part}_pixels"] for row in rows) for part in ("kept", "dropped"))
    return kept / (kept + dropped)


def comparing(means: Mapping[str, Measurements], measures: Mapping[str, str]) -> str:
    """Return a row for each fill, with changes in brackets."""
    base = means[CLASSICAL]
    shown = {key: title for key, title in measures.items() if key in base}
    rows = []
    for name, row in means.items():
        cells = []
        for key in shown:
            change = f" ({row[key] - base[key]:+{spec(key)}})" if name != CLASSICAL else ""
            cells.append(f"{row[key]:{spec(key)}}{change}")
        rows.append([name, *cells])
    return markdown(["", *shown.values()], rows)


def spec(measure: str) -> str:
    return ".2f" if "psnr" in measure else ".4f"


def bd_table(rates: Mapping[str, Mapping[str, Mapping[str, Any]]], pictures: int) -> str:
    rows = [
        [
            f"{tested} against {anchor}",
            *(Mean(*value).text("+.1f", pictures) if value else "-" for value in row.values()),
        ]
        for tested, against in rates.items()
        for anchor, row in against.items()
    ]
    low, high = SPAN
    head = f"**BD-rate, %**, {low:g} to {high:g} bpp, mean over {pictures} pictures"
    return f"{head} (n: on which the curves overlap)\n\n" + markdown(
        ["", *BD_METRICS.values()], rows
    )


def latent_table(result: Mapping[str, Mapping[str, Measurements]]) -> str:
    rows = []
    for name in next(iter(result.values())):
        means = {key: np.mean([row[name][key] for row in result.values()]) for key in MEASURES}
        rows.append([name, *(f"{mean:{spec(key)}}" for key, mean in means.items())])
    return f"**G(E(x))**, mean over {len(result)} pictures\n\n" + markdown(
        ["", *MEASURES.values()], rows
    )


def stage2_means(
    result: Mapping[str, Mapping[str, Mapping[str, Measurements]]],
) -> dict[str, dict[str, Measurements]]:
    """Return means over the pictures, by quality and row."""
    pictures = list(result.values())
    return {
        quality: {
            name: {
                key: float(np.mean([of_picture[quality][name][key] for of_picture in pictures]))
                for key in ("bytes", *STAGE2_MEASURES)
            }
            for name in rows
        }
        for quality, rows in pictures[0].items()
    }


def stage2_tables(result: Mapping[str, Mapping[str, Mapping[str, Measurements]]]) -> str:
    parts = [STAGE2]
    for quality, rows in stage2_means(result).items():
        head = f"Small picture at quality {quality}, mean over {len(result)} pictures"
        cells = [
            [name, f"{row['bytes']:.0f}", *(f"{row[key]:{spec(key)}}" for key in STAGE2_MEASURES)]
            for name, row in rows.items()
        ]
        parts += [head, markdown(["", "bytes", *STAGE2_MEASURES.values()], cells)]
    return "\n\n".join(parts)


def cost_table(result: Mapping[str, Measurements]) -> str:
    rows = [
        [
            name,
            f"{row['multiply_adds'] / 1e9:.2f}",
            f"{row['parameters'] / 1e6:.3f}",
            f"{row['file_bytes'] / 1e6:.2f}",
            f"{row['seconds']:.3f}",
        ]
        for name, row in result.items()
    ]
    size = f"{graphs.WIDTH}x{graphs.HEIGHT} pixels"
    return f"**Cost of one pass**, {size}, {graphs.THREADS} threads\n\n" + markdown(
        ["", "10^9 multiply-adds", "10^6 parameters", "file, MB", "seconds"], rows
    )


def report(result: dict[str, Any]) -> str:
    parts = []
    if by_picture := result.get("quality"):
        qualities = next(iter(by_picture.values()))
        parts += [quality_table(by_picture, quality) for quality in qualities]
    if "bd" in result:
        count = len(next(iter(result["bd"]["curves"].values())))
        parts.append(bd_table(result["bd"]["rates"], count))
    if "latent" in result:
        parts.append(latent_table(result["latent"]))
    if "stage2" in result:
        parts.append(stage2_tables(result["stage2"]))
    if "cost" in result:
        parts.append(cost_table(result["cost"]))
    return "\n\n".join(parts)
