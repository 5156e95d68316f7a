"""The latent update with settings that no decoder offers, for study."""

import functools
from collections.abc import Callable
from dataclasses import replace

from ablc import _core
from ablc.arrays import Pixels
from ablc.runtime import latent, painter
from ablc.runtime.fill import Part
from ablc.runtime.painter import DETAIL_SHARE, Painter, PaintJob
from ablc.settings import THREADS, cores, pixel_limit


def refine(
    data: bytes,
    settings: latent.UpdateSettings | None,
    share: float = DETAIL_SHARE,
    threads: int | None = None,
    watch: Callable[[latent.UpdateResult], object] | None = None,
) -> Pixels:
    """Return the picture of a stream, (H, W, C) uint8, painted by fill="ppgn" with any settings.

    settings: None: no update, only G of the latent that N's picture or the stream gives.
    share: of the detail in dropped blocks that is taken from G, 0..1.
    threads: default: one per core.
    watch: called with the result of every update; windows of a large picture come in their order.

    Networks run on the CPU, and stay loaded until the process ends.

    >>> refine(data, latent.ReferenceSettings(iterations=200))

    Raises ValueError for a wrong argument, and all that ablc.decode(data, fill="ppgn") raises.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be a number in 0..1, not {share!r}")
    THREADS.check("threads", threads)
    threads, limit = threads or cores(), pixel_limit(None)
    stream = _core.Stream(data, max_pixels=limit)
    image, _, guide = stream.decode_guided(threads=threads)
    if guide is None:
        return image
    shared = _painter(threads)
    card = painter.fill_for(stream.model)
    plan = shared.plan(card, *image.shape[:2])
    latent_update = replace(shared.latent_update(stream, settings, share), watch=watch)
    shared.paint([PaintJob(Part(image, guide), plan, card, latent_update)], threads)
    return image


@functools.cache
def _painter(threads: int) -> Painter:
    return Painter("cpu", threads)
