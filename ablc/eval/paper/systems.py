"""The systems that are compared: each a way to a stream, and from the stream to a picture.

Those of the paper are what it describes, through real bytes: blocks or pixels are kept by rule,
assistant information is coded, and the latent update of Plug & Play Generative Networks paints the
rest. Unlike the paper's, their streams hold a coarse base of the whole picture, which costs bytes
and is worth more than they do.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import ablc
from ablc.arrays import Pixels
from ablc.eval.paper import fills, stage2
from ablc.eval.paper.latent_update import refine
from ablc.peers.libraries import pillow_decode, pillow_encode
from ablc.runtime import latent
from ablc.schemes import Scheme
from ablc.settings import Assist

Group = Literal["JPEG", "paper", "ablc", "systems"]
Paint = Callable[[bytes], Pixels]

JPEGS = {1: 0.438, 5: 0.555, 25: 0.797, 50: 0.864}  # the paper's SSIM by quality
jpeg = pillow_encode("JPEG")  # baseline, 4:2:0: the protocol's
PRODUCT = latent.Settings(iterations=8)
# The paper's runs: 200 updates of one length, e1 = 1e-5, e2 = 0, e3 = 1e-10, context weight 1. The
# weights of its losses are not told.
REFERENCE = latent.Settings(
    form="reference",
    iterations=200,
    rate=1.0,
    falling=False,
    noise=1e-10,
    weights={**latent.WEIGHTS, "prior": 1e-5, "class": 0.0, "seam": 0.0},
)
PIXELS = Scheme("pixels", share=0.01)
EDGE_PIXELS = Scheme("edge-pixels", share=0.01)
BLOCKS = Scheme("edge-blocks", share=0.3)
WITH_RANDOM = Scheme("edge-blocks+random", share=0.4, random_share=0.25)  # BLOCKS, a tenth more


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """One row of a table."""

    id: str
    group: Group
    name: str
    how: str  # its settings, for people
    code: Callable[[Pixels], bytes]  # (H, W, 3) -> file
    paint: Paint  # file -> (H, W, 3)
    paper: float | None = None  # SSIM in the paper's table


def all_systems(*, reference_form: bool = False) -> tuple[System, ...]:
    """Every row, those of the paper in its order.

    reference_form: the paper's systems use the update and the settings of its runs.
    """
    updates = REFERENCE if reference_form else PRODUCT
    return (*_jpegs(), *_of_paper(updates), *_others(updates), *_ours())


def _jpegs() -> list[System]:
    return [
        System(
            f"jpeg-{quality}",
            "JPEG",
            f"JPEG {quality} % quality",
            "baseline, 4:2:0",
            functools.partial(jpeg, quality=quality),
            pillow_decode,
            paper,
        )
        for quality, paper in JPEGS.items()
    ]


def _ours() -> list[System]:
    return [
        System(
            f"ablc-{quality}",
            "ablc",
            f"ablc at the bytes of JPEG {quality} %",
            "encoder's own mask, fill by default",
            functools.partial(_as_small, quality=quality),
            functools.partial(ablc.decode, threads=1),
        )
        for quality in JPEGS
    ]


def _of_paper(updates: latent.Settings) -> list[System]:
    update = functools.partial(refine, settings=updates, threads=1)
    painted = f"{updates.iterations} latent updates ({updates.form} form)"
    rows: tuple[tuple[str, str, Scheme, Assist | None, float | None], ...] = (
        ("pixels", "Pixel sampling", PIXELS, None, 0.126),
        ("pixels+style", "Pixel sampling + style loss", PIXELS, "style", 0.149),
        ("pixels+content", "Pixel sampling + content loss", PIXELS, "content", 0.156),
        ("pixels+edge", "Pixel sampling + edge loss", PIXELS, "edge", 0.154),
        ("edge-pixels", "Pixel sampling, on edges", EDGE_PIXELS, None, None),
        ("blocks", "Block sampling", BLOCKS, None, 0.366),
        ("random", "Block + random sampling", WITH_RANDOM, None, 0.389),
        ("random+style", "B + R sampling + style loss", WITH_RANDOM, "style", 0.398),
        ("random+content", "B + R sampling + content loss", WITH_RANDOM, "content", 0.403),
        ("random+edge", "B + R sampling + edge loss", WITH_RANDOM, "edge", 0.399),
    )
    return [
        System(id_, "paper", name, f"{_kept(mask)}, {painted}", _coded(mask, told), update, paper)
        for id_, name, mask, told, paper in rows
    ]


def _others(updates: latent.Settings) -> list[System]:
    """What the paper builds on, or tried, or names as future work."""
    weights = {**updates.weights, "photorealism": 1.0}
    photoreal = latent.Settings(iterations=PRODUCT.iterations, weights=weights)
    return [
        System(
            "homogeneous",
            "systems",
            "Homogeneous diffusion",
            f"Galic et al. 2008; {_kept(PIXELS)}, base not used",
            _coded(PIXELS),
            functools.partial(fills.paint, name="homogeneous"),
        ),
        System(
            "edge-enhancing",
            "systems",
            "Edge-enhancing diffusion",
            f"Galic et al. 2008; {_kept(PIXELS)}, base not used",
            _coded(PIXELS),
            functools.partial(fills.paint, name="edge-enhancing"),
        ),
        System(
            "structure",
            "systems",
            "Structure propagation, texture synthesis",
            f"Liu et al. 2007; {_kept(BLOCKS)}, edges coded, base not used",
            _coded(BLOCKS, "edge"),
            functools.partial(fills.paint, name="structure"),
        ),
        System(
            "context-encoder",
            "systems",
            "Feed-forward context encoder",
            f"after Pathak et al. 2016: fill-small; {_kept(WITH_RANDOM)}",
            _coded(WITH_RANDOM),
            functools.partial(ablc.decode, fill="net", threads=1),
        ),
        System(
            "stage-2",
            "systems",
            "StackGAN's stage II",
            f"after Zhang et al. 2016: sides / {stage2.FACTOR}, coded at quality 50, and classes",
            functools.partial(stage2.encode, quality=50, threads=1),
            functools.partial(stage2.decode, threads=1),
        ),
        System(
            "photorealism",
            "systems",
            "B + R sampling + photorealism",
            f"matting Laplacian of Luan et al. 2017; {_kept(WITH_RANDOM)}",
            _coded(WITH_RANDOM),
            functools.partial(refine, settings=photoreal, threads=1),
        ),
    ]


def _kept(mask: Scheme) -> str:
    """What a mask keeps, in words."""
    what = {
        "pixels": "random pixels",
        "edge-pixels": "pixels on edges",
        "edge-blocks": "blocks on edges",
        "edge-blocks+random": f"blocks, {mask.random_share:.0%} of them random",
    }
    return f"{mask.share:.0%} {what[mask.name]}"


def _coded(mask: Scheme, told: Assist | None = None) -> Callable[[Pixels], bytes]:
    """An encoder at default quality."""
    return functools.partial(
        ablc.encode, mask=mask, assist=() if told is None else (told,), threads=1
    )


def _as_small(pixels: Pixels, quality: int) -> bytes:
    """A stream of at most the bytes of JPEG at that quality."""
    return ablc.encode(pixels, target_bytes=len(jpeg(pixels, quality)), threads=1)
