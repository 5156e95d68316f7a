"""The paper's figures 2, 4, 7 and 8: what is kept, and what is painted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

import ablc
from ablc.arrays import CELL
from ablc.drawing import panels
from ablc.drawing.panels import Panel
from ablc.eval.folder import Photo
from ablc.eval.paper.experiments import Experiment, ExperimentResults, small
from ablc.eval.paper.sheets import NamedPoints, PaperFigure, Photos, panel, plot, result_panel
from ablc.eval.paper.table1_systems import PRODUCT, REFERENCE
from ablc.eval.store import JsonObject
from ablc.inspection import inspect, keep_mask
from ablc.schemes import Scheme, choose
from ablc.settings import SCHEMES, SchemeName

QUALITY = (  # ids of table1_systems.all_systems(), with their letters in the paper's table
    ("jpeg-1", "(a) JPEG 1 %"),
    ("pixels", "(b) pixel sampling"),
    ("pixels+style", "(c) pixels + style loss"),
    ("pixels+content", "(d) pixels + content loss"),
    ("pixels+edge", "(e) pixels + edge loss"),
    ("blocks", "(e) block sampling"),
    ("random", "(f) block + random sampling"),
    ("random+style", "(g) B + R + style loss"),
    ("random+content", "(h) B + R + content loss"),
    ("random+edge", "(i) B + R + edge loss"),
    ("ablc-1", "ablc at the bytes of JPEG 1 %"),
)
BLOCK_SHARES = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
PIXEL_SHARES = (0.001, 0.003, 0.01, 0.03, 0.1)
LEVELS: tuple[tuple[str, SchemeName, tuple[float, ...]], ...] = (
    ("blocks on edges", "edge-blocks", BLOCK_SHARES),
    ("random blocks", "random-blocks", BLOCK_SHARES),
    ("random pixels", "pixels", PIXEL_SHARES),
    ("pixels on edges", "edge-pixels", PIXEL_SHARES),
)


def figures(*, quick: bool) -> tuple[PaperFigure, ...]:
    """Return figures 2, 4, 7 and 8. quick: shorter reference runs, fewer levels."""
    return (_centre(quick), _quality(), _masks(), _levels(quick))


def _centre(quick: bool) -> PaperFigure:
    reference = replace(REFERENCE, iterations=10) if quick else REFERENCE
    paints = {
        "no network": Experiment(paint="classical"),
        "N alone": Experiment(paint="net"),
        f"{PRODUCT.iterations} latent updates": Experiment(updates=PRODUCT),
        f"{reference.iterations} updates, reference form": Experiment(updates=reference),
    }
    masks: dict[str, Scheme | Literal["hole"]] = {
        "square kept": Scheme("centre"),
        "square dropped": "hole",
    }
    experiments = {
        (what, how): replace(experiment, mask=mask)
        for what, mask in masks.items()
        for how, experiment in paints.items()
    }

    def sheet(results: ExperimentResults, photo: Photo) -> list[Panel]:
        return [
            result_panel(results, experiment, photo, f"{what}: {how}")
            for (what, how), experiment in experiments.items()
        ]

    return PaperFigure(
        "figure-2",
        "Figure 2: a square in the centre",
        "Above, 100x100 pixels in the centre are kept and the rest is painted, as in section 3.1.1 "
        "of the paper; below, these pixels are painted and the rest is kept. The stream's lowest "
        "coefficients, which the paper does not have, are known everywhere.",
        sheet,
        shown=tuple(experiments.values()),
    )


def _quality() -> PaperFigure:
    experiments = [(Experiment(system=id_), title) for id_, title in QUALITY]

    def sheet(results: ExperimentResults, photo: Photo) -> list[Panel]:
        first = panel(small(photo), "original", "227x227 pixels, 154,587 bytes")
        return [
            first,
            *(result_panel(results, experiment, photo, title) for experiment, title in experiments),
        ]

    return PaperFigure(
        "figure-4",
        "Figure 4: quality demonstration",
        "The systems of table 1, with their letters there; SSIM as in the table.",
        sheet,
        shown=tuple(experiment for experiment, _ in experiments),
    )


def _masks() -> PaperFigure:
    return PaperFigure(
        "figure-7",
        "Figure 7: masks",
        "What each mask keeps, at its default share and quality 50; rdo is the encoder's own "
        "choice. Flat areas have no more than their lowest coefficients in the file.",
        lambda _, photo: [_mask_panel(small(photo), name) for name in SCHEMES],
    )


def _mask_panel(pixels: np.ndarray, name: SchemeName) -> Panel:
    scheme = Scheme(name)
    data = ablc.encode(pixels, mask=scheme)
    info = inspect(data)
    kept = keep_mask(data).repeat(CELL, 0).repeat(CELL, 1)[: pixels.shape[0], : pixels.shape[1]]
    exact = None if name == "rdo" else choose(scheme, pixels).pixels
    if exact is not None:
        kept = kept | exact
    shown = np.where(kept[..., np.newaxis], pixels, np.array(panels.ABLATED, np.uint8))
    detail = f"{kept.mean():.1%} kept, {info.length:,} bytes"
    if exact is None:
        lengths = {part.name: part.length for part in info.sections} | info.segments
        mask = lengths.get("MASK", 0)
        detail += f", of the mask {mask}"
    return panel(shown, name, detail)


def _levels(quick: bool) -> PaperFigure:
    every = 3 if quick else 1
    experiments = {
        (what, share): Experiment(Scheme(name, share=share), updates=PRODUCT)
        for what, name, shares in LEVELS
        for share in shares[::every]
    }

    def sheet(results: ExperimentResults, photo: Photo) -> list[Panel]:
        return [
            result_panel(results, experiment, photo, f"{share:.1%}: {what}")
            for (what, share), experiment in experiments.items()
        ]

    def plots(results: ExperimentResults, photos: Photos) -> list[JsonObject]:
        shares, byte_counts = (_lines(experiments, results, photos, x) for x in ("share", "bytes"))
        return [
            plot("By share", "share kept", "SSIM", shares, log=True),
            plot("By bytes", "bytes", "SSIM", byte_counts, log=True),
        ]

    return PaperFigure(
        "figure-8",
        "Figure 8: levels of sampling",
        f"More and more blocks or pixels are kept; {PRODUCT.iterations} latent updates paint the "
        "rest. As the paper found, their places matter more than their number.",
        sheet,
        shown=tuple(experiments.values()),
        measured=tuple(experiments.values()),
        plots=plots,
    )


def _lines(
    experiments: Mapping[tuple[str, float], Experiment],
    results: ExperimentResults,
    photos: Photos,
    x_name: str,
) -> list[NamedPoints]:
    """Return a line of SSIM for each way of sampling, over "share" or a figure of the results.

    experiments: by way of sampling and share.
    """
    points: dict[str, list[tuple[float, float | None]]] = {}
    for (what, share), experiment in experiments.items():
        x = share if x_name == "share" else results.mean(experiment, photos, x_name)
        if x is not None:
            ssim = results.mean(experiment, photos, "ssim")
            points.setdefault(what, []).append((x, ssim))
    return list(points.items())
