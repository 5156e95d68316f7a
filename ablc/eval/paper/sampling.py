"""The paper's figures of what is kept and what is painted: 2, 4, 7 and 8."""

from dataclasses import replace
from typing import Literal

import numpy as np

import ablc
from ablc.arrays import CELL
from ablc.drawing import panels
from ablc.drawing.panels import Panel
from ablc.eval.folder import Photo
from ablc.eval.paper.experiments import Trial, Tried, small
from ablc.eval.paper.sheets import Drawing, Figure, Line, Photos, panel, plot, tried_panel
from ablc.eval.paper.systems import PRODUCT, REFERENCE
from ablc.inspection import inspect, keep_mask
from ablc.schemes import Scheme, choose
from ablc.settings import SCHEMES, SchemeName

QUALITY = (  # rows of systems.all_systems(), with their letters in the paper's table
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


def figures(*, quick: bool) -> tuple[Figure, ...]:
    """Figures 2, 4, 7 and 8. quick: shorter reference runs, fewer levels."""
    return (_centre(quick), _quality(), _masks(), _levels(quick))


def _centre(quick: bool) -> Figure:
    reference = replace(REFERENCE, iterations=10) if quick else REFERENCE
    paints = {
        "no network": Trial(paint="classical"),
        "N alone": Trial(paint="net"),
        f"{PRODUCT.iterations} latent updates": Trial(updates=PRODUCT),
        f"{reference.iterations} updates, reference form": Trial(updates=reference),
    }
    masks: dict[str, Scheme | Literal["hole"]] = {
        "square kept": Scheme("centre"),
        "square dropped": "hole",
    }
    trials = {
        (what, how): replace(trial, mask=mask)
        for what, mask in masks.items()
        for how, trial in paints.items()
    }

    def sheet(tried: Tried, photo: Photo) -> list[Panel]:
        return [
            tried_panel(tried, trial, photo, f"{what}: {how}")
            for (what, how), trial in trials.items()
        ]

    return Figure(
        "figure-2",
        "Figure 2: a square in the centre",
        "Above, 100x100 pixels in the centre are kept and the rest is painted, as in the paper's "
        "3.1.1; below, they are what is painted. The stream's coarse base, which the paper does "
        "not have, is known everywhere.",
        sheet,
        shown=tuple(trials.values()),
    )


def _quality() -> Figure:
    trials = [(Trial(system=id_), title) for id_, title in QUALITY]

    def sheet(tried: Tried, photo: Photo) -> list[Panel]:
        first = panel(small(photo), "original", "227x227 pixels, 154,587 bytes")
        return [first, *(tried_panel(tried, trial, photo, title) for trial, title in trials)]

    return Figure(
        "figure-4",
        "Figure 4: quality demonstration",
        "The systems of table 1, with their letters there; SSIM as in the table.",
        sheet,
        shown=tuple(trial for trial, _ in trials),
    )


def _masks() -> Figure:
    return Figure(
        "figure-7",
        "Figure 7: masks",
        "What each mask keeps, at its default share and quality 50; rdo is the encoder's own "
        "choice. Flat: what is not in the file but for the coarse base.",
        lambda _, photo: [_mask_panel(small(photo), name) for name in SCHEMES],
    )


def _mask_panel(pixels: np.ndarray, name: SchemeName) -> Panel:
    scheme = Scheme(name)
    data = ablc.encode(pixels, mask=scheme)
    found = inspect(data)
    kept = keep_mask(data).repeat(CELL, 0).repeat(CELL, 1)[: pixels.shape[0], : pixels.shape[1]]
    exact = None if name == "rdo" else choose(scheme, pixels).pixels
    if exact is not None:
        kept = kept | exact
    shown = np.where(kept[..., np.newaxis], pixels, np.array(panels.ABLATED, np.uint8))
    detail = f"{kept.mean():.1%} kept, {found.size:,} bytes"
    if exact is None:
        mask = next(part.length for part in found.sections if part.name == "MASK")
        detail += f", of the mask {mask}"
    return panel(shown, name, detail)


def _levels(quick: bool) -> Figure:
    every = 3 if quick else 1
    trials = {
        (what, share): Trial(Scheme(name, share=share), updates=PRODUCT)
        for what, name, shares in LEVELS
        for share in shares[::every]
    }

    def sheet(tried: Tried, photo: Photo) -> list[Panel]:
        return [
            tried_panel(tried, trial, photo, f"{share:.1%}: {what}")
            for (what, share), trial in trials.items()
        ]

    def plots(tried: Tried, photos: Photos) -> list[Drawing]:
        def lines(place: str) -> list[Line]:
            found: dict[str, list[tuple[float, float | None]]] = {}
            for (what, share), trial in trials.items():
                x = share if place == "share" else tried.mean(trial, photos, place)
                if x is not None:
                    found.setdefault(what, []).append((x, tried.mean(trial, photos, "ssim")))
            return list(found.items())

        return [
            plot("By what is kept", "share kept", "SSIM", lines("share"), log=True),
            plot("By what it costs", "bytes", "SSIM", lines("bytes"), log=True),
        ]

    return Figure(
        "figure-8",
        "Figure 8: levels of sampling",
        f"More and more blocks or pixels are kept; {PRODUCT.iterations} latent updates paint the "
        "rest. As the paper found, where they are counts for more than how many.",
        sheet,
        shown=tuple(trials.values()),
        measured=tuple(trials.values()),
        plots=plots,
    )
