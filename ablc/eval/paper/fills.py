"""Inpainting systems that ablc builds on, as fills of its streams.

>>> picture = paint(data, "edge-enhancing")

As in the systems' papers, a fill sees what a stream keeps, and nothing of what it holds of dropped
blocks. So these are no fills for a decoder: what they paint may violate the bounds that the
stream guarantees in dropped cells.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ablc import _core
from ablc.arrays import CELL, Flags, Pixels
from ablc.eval.paper.diffusion import homogeneous
from ablc.eval.paper.edge_enhancing import edge_enhancing
from ablc.eval.paper.planes import check
from ablc.eval.paper.structure import grown, inpaint, near
from ablc.options import check_choice
from ablc.settings import cores, pixel_limit

FillFunction = Callable[[Pixels, Flags, Flags], Pixels]
"""fill(decoded, known, edges) -> painted: (H, W, C) uint8, (H, W) bool, (H, W) bool.

Known pixels come back exactly. Edges are those of dropped pixels, from assistant information.
"""


def paint(data: bytes, name: str, edges: Flags | None = None) -> Pixels:
    """Return the picture of a stream, (H, W, C) uint8, filled by the named system of FILLS.

    Exact samples and the pixels of kept cells are known. A stream with mask="pixels" has 1 % of the
    picture as exact samples, the setting of Galic et al. Alpha comes back as it is.
    edges: (H, W) bool, edges of the original in addition to those in the stream's section EDGE; the
    caller has to count their bytes (`_core.pack_mask` is one way).

    Raises ValueError for another name, for edges of another shape, if nothing is known, or with
    "structure" if no cell is kept; StreamError and LimitError as ablc.decode() does.
    """
    check_choice("name", name, tuple(FILLS))
    stream = _core.Stream(data, max_pixels=pixel_limit(None))
    decoded, _, guide = stream.decode_guided(threads=cores())
    height, width, channels = decoded.shape
    if edges is not None:
        check("edges", edges, np.bool_, (height, width))
    if guide is None:
        return decoded
    known = grown(guide.kept, height, width)
    if guide.exact is not None:
        known |= guide.exact
    stream_edges = edges_in(stream, height, width, guide.kept)
    colours = 1 if channels == 1 else 3
    painted = FILLS[name](
        np.ascontiguousarray(decoded[:, :, :colours]),
        known,
        stream_edges if edges is None else stream_edges | edges,
    )
    return np.concatenate([painted, decoded[:, :, colours:]], axis=2)


def edges_in(stream: _core.Stream, height: int, width: int, kept: Flags) -> Flags:
    """Return the edges in dropped cells that a stream holds, (height, width); none without EDGE.

    EDGE has the Laplacian of the Gaussian on the ridges at both sides of edges (docs/FORMAT.md); an
    edge lies where both signs are near.
    """
    from ablc.runtime import assistance  # late: no other fill needs it

    body = stream.section("EDGE")
    if body is None:
        return np.zeros((height, width), np.bool_)
    log = assistance.parse_edges(body, assistance.PictureGrid(height, width, kept))[0][
        0, :height, :width
    ]
    return near(log > 0, 1) & near(log < 0, 1)


def _homogeneous(decoded: Pixels, known: Flags, edges: Flags) -> Pixels:
    """Fill by the simpler system of Galic et al. 2008."""
    return homogeneous(decoded, known)


def _edge_enhancing(decoded: Pixels, known: Flags, edges: Flags) -> Pixels:
    """Fill by the system of Galic et al. 2008."""
    return edge_enhancing(decoded, known)


def _structure(decoded: Pixels, known: Flags, edges: Flags) -> Pixels:
    """Fill by the system of Liu et al. 2007, then put back known pixels of partly known cells."""
    rows, columns = (-(-side // CELL) for side in known.shape)
    beyond = ((0, rows * CELL - known.shape[0]), (0, columns * CELL - known.shape[1]))
    padded = np.pad(known, beyond, constant_values=True)
    kept: Flags = np.logical_and.reduce(padded.reshape(rows, CELL, columns, CELL), axis=(1, 3))
    painted = inpaint(decoded, kept, edges)
    painted[known] = decoded[known]
    return painted


FILLS: Mapping[str, FillFunction] = MappingProxyType(
    {"homogeneous": _homogeneous, "edge-enhancing": _edge_enhancing, "structure": _structure}
)
