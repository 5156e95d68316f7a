"""The decoder's side of assistant information: start and targets of the latent update."""

import numpy as np

from ablc import _core
from ablc.arrays import Floats
from ablc.runtime import assistance
from ablc.runtime.assistance import POSITION, Assistance, PictureGrid
from ablc.runtime.latent_networks import LatentNetworks
from ablc.runtime.loss_targets import Targets
from ablc.runtime.tiles import Window


def read(stream: _core.Stream, networks: LatentNetworks) -> Assistance | None:
    """Return the assistant information of a stream; None if it has none.

    Raises StreamError for sections that are damaged, or contradict the picture or the networks.
    """
    present = {section["name"] for section in stream.sections}
    if not present & set(assistance.SECTIONS.values()):
        return None
    grid = PictureGrid(stream.header.height, stream.header.width, stream.keep_mask())
    return assistance.parse(stream, grid, *networks.channels)


def start(
    filled: Floats,
    decoded: Floats,
    known: Assistance | None,
    window: Window,
    networks: LatentNetworks,
) -> Floats:
    """Return the code from which the update of a window starts: the stream's, or that of N.

    filled, decoded: (3, H, W), N's picture and the one with nothing painted.
    """
    if known is None or known.latent is None:
        return networks.code(filled)
    return networks.code(decoded) + _cut(known.latent, window, POSITION)


def targets(
    filled: Floats,
    decoded: Floats,
    kept: Floats,
    known: Assistance | None,
    window: Window,
    networks: LatentNetworks,
) -> Targets:
    """Return the targets of the update of a window.

    filled, decoded: as in start(); kept: (H, W), 1 in kept blocks.
    """
    if known is None:
        return Targets(known=filled, mask=kept, guide=filled)
    content = None
    if known.content is not None:
        content = networks.features(decoded)[1][2] + _cut(known.content, window, POSITION)
    edges = edge_mask = None
    if known.edges is not None and known.edge_mask is not None:
        edges = _cut(known.edges, window, 1)
        edge_mask = _cut(known.edge_mask[np.newaxis].astype(np.float32), window, 1)[0]
    return Targets(
        known=filled,
        mask=kept,
        edges=edges,
        edge_mask=edge_mask,
        grams=known.grams or (None, None, None),
        content=content,
        label=known.classes,
        guide=filled,
    )


def _cut(planes: Floats, window: Window, stride: int) -> Floats:
    """Return a window of planes, (C, h, w) with an element for stride x stride pixels; 0 beyond."""
    rows, columns = window.height // stride, window.width // stride
    y, x = window.y // stride, window.x // stride
    inside = planes[:, y : y + rows, x : x + columns]
    cut = np.zeros((len(planes), rows, columns), np.float32)
    cut[:, : inside.shape[1], : inside.shape[2]] = inside
    return cut
