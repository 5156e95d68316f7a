"""What networks.py measured, as the figures of each model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from network_graphs import CLASSICAL
from network_tables import MEASURES, STAGE2_MEASURES, stage2_means

from ablc.eval.measures.catalogue import Measurements
from ablc.eval.paper.stage2 import NETWORK

DIGITS = 4


def figures(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By network id: means over the pictures, and what they are over the classical fill."""
    cards: dict[str, dict[str, Any]] = {}
    for quality, by_fill in _by_quality(found.get("quality", {})).items():
        classical = _means(by_fill.pop(CLASSICAL))
        for name, rows in by_fill.items():
            means = _means(rows)
            change = {title: round(means[title] - classical[title], DIGITS) for title in means}
            title = f"quality {quality}, {np.mean([row['bpp'] for row in rows]):.4f} bpp"
            cards.setdefault(name, {})[title] = {"reached": means, "over classical fill": change}
    for tested, against in found.get("bd", {}).get("rates", {}).items():
        name = tested.removeprefix("ablc + ")
        if name in cards:
            cards[name]["BD-rate by SSIM, %"] = {
                anchor: round(row["ssim"][0], 1) for anchor, row in against.items() if row["ssim"]
            }
    by_pair: dict[str, list[Measurements]] = {}
    for of_picture in found.get("latent", {}).values():
        for name, row in of_picture.items():
            by_pair.setdefault(name, []).append(row)
    for name, rows in by_pair.items():
        for role in ("encoder", "generator"):
            cards[f"{role}-{name}"] = {"G(E(x))": _means(rows)}
    for quality, rows in stage2_means(found["stage2"]).items() if "stage2" in found else ():
        cards.setdefault(NETWORK, {})[f"small picture at quality {quality}"] = {
            name: {"bytes": round(row["bytes"])}
            | {title: round(row[key], DIGITS) for key, title in STAGE2_MEASURES.items()}
            for name, row in rows.items()
        }
    for name, row in found.get("cost", {}).items():
        cards.setdefault(name, {})["seconds at 768x512, 2 threads"] = round(row["seconds"], DIGITS)
    return cards


def _by_quality(found: Mapping[str, Any]) -> dict[str, dict[str, list[Measurements]]]:
    by_quality: dict[str, dict[str, list[Measurements]]] = {}
    for of_picture in found.values():
        for quality, of_quality in of_picture.items():
            for name, row in of_quality.items():
                by_quality.setdefault(quality, {}).setdefault(name, []).append(row)
    return by_quality


def _means(rows: list[Measurements]) -> Measurements:
    return {
        title: round(float(np.mean([row[key] for row in rows])), DIGITS)
        for key, title in MEASURES.items()
        if key in rows[0]
    }
