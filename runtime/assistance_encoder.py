"""The encoder's side of assistant information: sections made with networks from the original.

For content and latent code, the difference from those of the decoded picture is sent, with nothing
painted in dropped blocks: so it does not depend on the network that fills them. Edges, style and
classes are those of the original.
"""

from collections.abc import Sequence

import numpy as np

from ablc import _core
from ablc.arrays import Floats, Pixels
from ablc.runtime import assistance, fill, latent
from ablc.runtime.assistance import PictureGrid
from ablc.runtime.latent_networks import LatentNetworks
from ablc.runtime.loss_targets import Targets
from ablc.runtime.tiles import WHOLE_MOST, Window

PIXELS_MAX = WHOLE_MOST  # of a picture that can get assistant information
STYLES_SENT = 2  # F^1 and F^2: the Gram matrix of F^3 costs more bytes than it is worth
# The search for a code, with the original in hand.
SEARCH = latent.UpdateSettings(iterations=12, weights={"known": 1.0})


def sections(
    data: bytes, original: Pixels, names: Sequence[str], networks: LatentNetworks
) -> dict[str, bytes]:
    """Return assistant information as sections by name, and MODL, which names the networks.

    data: the stream; original: (H, W, C), the picture from which it was made; names: of
    assistance.NAMES. Raises ValueError for a picture of more than PIXELS_MAX pixels or a lossless
    stream, ModelError, ProviderError.
    """
    height, width, _ = original.shape
    if height * width > PIXELS_MAX:
        raise ValueError(
            f"assistant information is for pictures of at most {PIXELS_MAX} pixels, "
            f"not {height}x{width}"
        )
    decoded, _, guide = _core.Stream(data, max_pixels=PIXELS_MAX).decode_guided()
    if guide is None:
        raise ValueError("a lossless stream needs no assistant information")
    grid = PictureGrid(height, width, guide.kept)
    window = Window(0, 0, *grid.sides)
    before, picture = (fill.planes_of(pixels, window) for pixels in (decoded, original))
    made = {"MODL": networks.name_in_stream}
    if "edge" in names:
        made["EDGE"] = assistance.pack_edges(picture, grid)
    if {"style", "content", "class"} & set(names):
        made |= _of_features(before, picture, names, grid, networks)
    if "latent" in names:
        everywhere = Targets(known=picture, mask=np.ones(grid.sides, np.float32))
        best = networks.update(networks.code(picture), everywhere, SEARCH)
        made["LATN"] = assistance.pack_latent(best.h - networks.code(before), grid)
    return made


def _of_features(
    before: Floats,
    picture: Floats,
    names: Sequence[str],
    grid: PictureGrid,
    networks: LatentNetworks,
) -> dict[str, bytes]:
    """Return the sections of C's features and scores.

    before, picture: (3, H, W), decoded and original.
    """
    made = {}
    scores, features = networks.features(picture)
    if "style" in names:
        made["STYL"] = assistance.pack_style([_gram(f) for f in features[:STYLES_SENT]])
    if "content" in names:
        _, of_decoded = networks.features(before)
        made["CONT"] = assistance.pack_content(features[2] - of_decoded[2], grid)
    if "class" in names:
        shares = np.exp(scores - scores.max())
        made["CLSS"] = assistance.pack_classes(shares / shares.sum())
    return made


def _gram(features: Floats) -> Floats:
    """Return (N, N) F F^T / (N M) of (N, h, w), as losses.gram of the training code has it."""
    flat = features.reshape(len(features), -1)
    return np.asarray(flat @ flat.T / flat.size, np.float32)
