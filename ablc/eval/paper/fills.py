"""The systems that ablc builds on, as fills of its streams.

>>> picture = paint(data, "edge-enhancing")

A fill is given what a stream keeps and nothing of what is coarsely coded beneath dropped blocks, as
in the systems' papers. So it is no decoder's fill: what it paints need not lie within what the
stream guarantees of dropped cells.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ablc import _core
from ablc.arrays import CELL, Flags, Pixels
from ablc.eval.paper.diffusion import check, edge_enhancing, homogeneous
from ablc.eval.paper.structure import grown, inpaint, near
from ablc.options import check_choice
from ablc.settings import cores, pixel_limit

Fill = Callable[[Pixels, Flags, Flags], Pixels]
"""fill(decoded, known, edges) -> painted: (H, W, C) uint8, (H, W) bool, (H, W) bool.

Known pixels come back exactly. Edges are those of dropped pixels that are told of beside them.
"""


def paint(data: bytes, name: str, edges: Flags | None = None) -> Pixels:
    """The picture in a stream, (H, W, C) uint8, filled by the named system of FILLS.

    Known are the exact samples and the pixels of kept cells; of the former, a stream with
    mask="pixels" has 1 % of the picture, the setting of Galic et al. Alpha comes back as it is.
    edges: (H, W) bool, of the original, in addition to what the stream tells of them in EDGE; their
    bytes are the caller's to count (`_core.pack_mask` is one way).

    Raises ValueError for another name, for edges of another shape, if nothing is known, or by
    "structure" if no cell is kept; StreamError and LimitError as ablc.decode() does.
    """
    check_choice("name", name, tuple(FILLS))
    decoded, _, guide = _core.decode_guided(data, max_pixels=pixel_limit(None), threads=cores())
    height, width, channels = decoded.shape
    if edges is not None:
        check("edges", edges, np.bool_, (height, width))
    if guide is None:
        return decoded
    known = grown(guide.kept, height, width)
    if guide.exact is not None:
        known |= guide.exact
    told = told_edges(data, height, width, guide.kept)
    colours = 1 if channels == 1 else 3
    painted = FILLS[name](
        np.ascontiguousarray(decoded[:, :, :colours]),
        known,
        told if edges is None else told | edges,
    )
    return np.concatenate([painted, decoded[:, :, colours:]], axis=2)


def told_edges(data: bytes, height: int, width: int, kept: Flags) -> Flags:
    """(height, width): the edges that a stream tells of in dropped cells; none without EDGE.

    It has the Laplacian of the Gaussian on the ridges at both sides of edges (docs/FORMAT.md); an
    edge is where both signs are near.
    """
    from ablc.runtime import assist  # late: no other fill needs it

    body = _core.section(data, "EDGE")
    if body is None:
        return np.zeros((height, width), np.bool_)
    log = assist.parse_edges(body, assist.Frame(height, width, kept))[0][0, :height, :width]
    return near(log > 0, 1) & near(log < 0, 1)


def _homogeneous(decoded: Pixels, known: Flags, edges: Flags) -> Pixels:
    """Galic et al. 2008, the simpler of their systems."""
    return homogeneous(decoded, known)


def _edge_enhancing(decoded: Pixels, known: Flags, edges: Flags) -> Pixels:
    """Galic et al. 2008."""
    return edge_enhancing(decoded, known)


def _structure(decoded: Pixels, known: Flags, edges: Flags) -> Pixels:
    """Liu et al. 2007; known pixels of cells that are not known as a whole are put back."""
    rows, columns = (-(-side // CELL) for side in known.shape)
    beyond = ((0, rows * CELL - known.shape[0]), (0, columns * CELL - known.shape[1]))
    padded = np.pad(known, beyond, constant_values=True)
    kept: Flags = np.logical_and.reduce(padded.reshape(rows, CELL, columns, CELL), axis=(1, 3))
    painted = inpaint(decoded, kept, edges)
    painted[known] = decoded[known]
    return painted


FILLS: Mapping[str, Fill] = MappingProxyType(
    {"homogeneous": _homogeneous, "edge-enhancing": _edge_enhancing, "structure": _structure}
)
