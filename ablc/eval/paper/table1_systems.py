"""The systems of table 1: each encodes a picture to a file and paints a picture from it.

The paper's systems are as it describes them, with real files: a rule decides which blocks or pixels
are kept, assistant information is coded, and the latent update of Plug & Play Generative Networks
paints the rest. Unlike the paper's, their streams hold the lowest coefficients of every dropped
block, which costs bytes but gains more quality than those bytes would elsewhere.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import ablc
from ablc.arrays import Pixels
from ablc.eval.paper import fills, stage2
from ablc.eval.paper.latent_update import refine
from ablc.peers.writers import pillow_decode, pillow_encode
from ablc.runtime import latent
from ablc.schemes import Scheme
from ablc.settings import Assist

Group = Literal["JPEG", "paper", "ablc", "systems"]

JPEGS = {1: 0.438, 5: 0.555, 25: 0.797, 50: 0.864}  # quality: SSIM in the paper
jpeg = pillow_encode("JPEG")  # baseline, 4:2:0, as the protocol has it
PRODUCT = latent.UpdateSettings(iterations=8)
# The paper's runs: 200 updates of constant rate, e1 = 1e-5, e2 = 0, e3 = 1e-10, context weight 1.
# The paper does not state the weights of its losses.
REFERENCE = latent.ReferenceSettings(
    iterations=200,
    noise=1e-10,
    weights={**latent.WEIGHTS, "prior": 1e-5, "class": 0.0, "seam": 0.0},
)
PIXELS = Scheme("pixels", share=0.01)
EDGE_PIXELS = Scheme("edge-pixels", share=0.01)
BLOCKS = Scheme("edge-blocks", share=0.3)
WITH_RANDOM = Scheme("edge-blocks+random", share=0.4, random_share=0.25)  # BLOCKS, a tenth more


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """A row of the table."""

    id: str
    group: Group
    name: str
    how: str  # its settings, for people
    encode: Callable[[Pixels], bytes]  # (H, W, 3) -> file
    paint: Callable[[bytes], Pixels]  # file -> (H, W, 3)
    paper: float | None = None  # SSIM in the paper's table


def all_systems(*, reference_form: bool = False) -> tuple[System, ...]:
    """Return all rows; those of the paper are in its order.

    reference_form: the paper's systems use the update and the settings of its runs.
    """
    updates = REFERENCE if reference_form else PRODUCT
    return (*_jpegs(), *_of_paper(updates), *_others(updates), *_of_ablc())


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


def _of_ablc() -> list[System]:
    return [
        System(
            f"ablc-{quality}",
            "ablc",
            f"ablc at the bytes of JPEG {quality} %",
            "encoder's own mask, fill by default",
            functools.partial(_encode_to_jpeg_bytes, quality=quality),
            functools.partial(ablc.decode, threads=1),
        )
        for quality in JPEGS
    ]


def _of_paper(updates: latent.UpdateSettings) -> list[System]:
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
        System(
            id_, "paper", name, f"{_kept(mask)}, {painted}", _encoder(mask, assist), update, paper
        )
        for id_, name, mask, assist, paper in rows
    ]


def _others(updates: latent.UpdateSettings) -> list[System]:
    """Return systems that the paper builds on, tried, or names as future work."""
    return [*_diffusions(), *_inpainters(), _stage2(), _photorealism(updates)]


def _diffusions() -> list[System]:
    rows = (
        ("homogeneous", "Homogeneous diffusion"),
        ("edge-enhancing", "Edge-enhancing diffusion"),
    )
    return [
        System(
            id_,
            "systems",
            name,
            f"Galic et al. 2008; {_kept(PIXELS)}, lowest coefficients not used",
            _encoder(PIXELS),
            functools.partial(fills.paint, name=id_),
        )
        for id_, name in rows
    ]


def _inpainters() -> list[System]:
    return [
        System(
            "structure",
            "systems",
            "Structure propagation, texture synthesis",
            f"Liu et al. 2007; {_kept(BLOCKS)}, edges coded, lowest coefficients not used",
            _encoder(BLOCKS, "edge"),
            functools.partial(fills.paint, name="structure"),
        ),
        System(
            "context-encoder",
            "systems",
            "Feed-forward context encoder",
            f"after Pathak et al. 2016: fill-small; {_kept(WITH_RANDOM)}",
            _encoder(WITH_RANDOM),
            functools.partial(ablc.decode, fill="net", threads=1),
        ),
    ]


def _stage2() -> System:
    return System(
        "stage-2",
        "systems",
        "StackGAN's stage II",
        f"after Zhang et al. 2016: sides / {stage2.FACTOR}, coded at quality 50, and classes",
        functools.partial(stage2.encode, quality=50, threads=1),
        functools.partial(stage2.decode, threads=1),
    )


def _photorealism(updates: latent.UpdateSettings) -> System:
    """Return the paper's block + random sampling with one more term in the loss."""
    weights = {**updates.weights, "photorealism": 1.0}
    settings = latent.UpdateSettings(iterations=PRODUCT.iterations, weights=weights)
    return System(
        "photorealism",
        "systems",
        "B + R sampling + photorealism",
        f"matting Laplacian of Luan et al. 2017; {_kept(WITH_RANDOM)}",
        _encoder(WITH_RANDOM),
        functools.partial(refine, settings=settings, threads=1),
    )


def _kept(mask: Scheme) -> str:
    """Return in words what a mask keeps."""
    what = {
        "pixels": "random pixels",
        "edge-pixels": "pixels on edges",
        "edge-blocks": "blocks on edges",
        "edge-blocks+random": f"blocks, {mask.random_share:.0%} of them random",
    }
    return f"{mask.share:.0%} {what[mask.name]}"


def _encoder(mask: Scheme, assist: Assist | None = None) -> Callable[[Pixels], bytes]:
    """Return an encoder of default quality with a mask and perhaps assistant information."""
    names = () if assist is None else (assist,)
    return functools.partial(ablc.encode, mask=mask, assist=names, threads=1)


def _encode_to_jpeg_bytes(pixels: Pixels, quality: int) -> bytes:
    """Return a stream of at most the bytes of JPEG at a quality."""
    return ablc.encode(pixels, target_bytes=len(jpeg(pixels, quality)), threads=1)
