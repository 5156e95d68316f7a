"""Assistant information at work: what an encoder finds with networks, what a decoder aims at.

Content and latent code are sent as what those of the decoded picture, with nothing painted, are
short of: so they do not depend on what fills it. Edges, style and classes are the original's.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.runtime import assist, fill, latent, registry
from ablc.runtime.assist import PLACE, Assistance, Frame
from ablc.runtime.cards import Card
from ablc.runtime.session import Session, Sessions, Sizes
from ablc.runtime.targets import Targets
from ablc.runtime.tiles import WHOLE_MOST, Window

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

PIXELS_MAX = WHOLE_MOST  # of a picture that an encoder can look at
STYLES_TOLD = 2  # F^1 and F^2: the Gram matrix of F^3 takes more than it gives
SEARCH = latent.Settings(iterations=12, weights={"known": 1.0})  # of a code, with the original


class Networks:
    """E, G, C and the latent step of one preset."""

    def __init__(self, sessions: Sessions, step: Card, sizes: Sizes = ()) -> None:
        """sizes: of the sessions' inputs, as Sessions.get() takes them."""
        self._sessions = sessions
        self._sizes = sizes
        self.step = step

    def code(self, picture: Floats) -> Floats:
        """(L, H/16, W/16) of (3, H, W), by E."""
        return self._run("encoder", picture)[0]

    def picture(self, code: Floats) -> Floats:
        """(3, H, W) of (L, H/16, W/16), by G."""
        return self._run("generator", code)[0]

    def features(self, picture: Floats) -> tuple[Floats, Sequence[Floats]]:
        """(1000,) scores, and F^1, F^2, F^3 of (3, H, W), by C."""
        scores, *features = self._run("condition", picture)
        return scores, features[:3]

    def update(self, code: Floats, targets: Targets, settings: latent.Settings) -> latent.Result:
        """latent.run of the step."""
        step = self._get(self.step)
        found: latent.Result = latent.run(step, code, targets, settings, generate=self.picture)
        return found

    @property
    def channels(self) -> tuple[tuple[int, ...], int]:
        """Of F^1, F^2, F^3, and of h."""
        inputs = self.step.inputs
        grams = [inputs[f"gram{i}"].split(",")[1] for i in (1, 2, 3)]
        return tuple(map(int, grams)), int(inputs["h"].split(",")[1])

    def _run(self, role: str, value: Floats) -> list[Floats]:
        session = self._get(registry.card(f"{role}-{self.step.preset}"))
        (name,) = (wanted.name for wanted in session.net.get_inputs())
        return [output[0] for output in session.run({name: value[np.newaxis]})]

    def _get(self, card: Card) -> Session:
        return self._sessions.get(card, self._sizes)


# --- the encoder's side ---------------------------------------------------------------------------


def sections(
    data: bytes, original: Pixels, names: Sequence[str], networks: Networks
) -> dict[str, bytes]:
    """The sections of a stream that tell of the original, and MODL, which names the step.

    original: (H, W, C), what data was made from. names: of assist.NAMES.
    Raises ValueError for a picture of more than PIXELS_MAX pixels, ModelError, ProviderError.
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
    frame = Frame(height, width, guide.kept)
    window = Window(0, 0, *frame.sides)
    before, picture = (fill.planes_of(pixels, window) for pixels in (decoded, original))
    found = {"MODL": registry.name_in_stream(networks.step)}
    if "edge" in names:
        found["EDGE"] = assist.pack_edges(picture, frame)
    if {"style", "content", "class"} & set(names):
        scores, features = networks.features(picture)
        if "style" in names:
            found["STYL"] = assist.pack_style([_gram(f) for f in features[:STYLES_TOLD]])
        if "content" in names:
            _, own = networks.features(before)
            found["CONT"] = assist.pack_content(features[2] - own[2], frame)
        if "class" in names:
            shares = np.exp(scores - scores.max())
            found["CLSS"] = assist.pack_classes(shares / shares.sum())
    if "latent" in names:
        everywhere = Targets(known=picture, mask=np.ones(frame.sides, np.float32))
        best = networks.update(networks.code(picture), everywhere, SEARCH)
        found["LATN"] = assist.pack_latent(best.h - networks.code(before), frame)
    return found


def _gram(features: Floats) -> Floats:
    """(N, N) F F^T / (N M) of (N, h, w), as losses.gram of the training code has it."""
    flat = features.reshape(len(features), -1)
    return np.asarray(flat @ flat.T / flat.size, np.float32)


# --- the decoder's side ---------------------------------------------------------------------------


def read(stream: _core.Stream, networks: Networks) -> Assistance | None:
    """What a stream tells of the original; None: nothing.

    Raises StreamError for sections that are damaged or contradict the picture or the networks.
    """
    if not {part["name"] for part in stream.sections} & set(assist.SECTIONS.values()):
        return None
    frame = Frame(stream.header.height, stream.header.width, stream.keep_mask())
    features, codes = networks.channels
    found: Assistance = assist.parse(stream, frame, features, codes)
    return found


def start(
    filled: Floats, decoded: Floats, told: Assistance | None, window: Window, networks: Networks
) -> Floats:
    """The code from which the update of a window starts: the one that was sent, else that of N.

    filled, decoded: (3, H, W), N's picture and the one with nothing painted.
    """
    if told is None or told.latent is None:
        return networks.code(filled)
    return networks.code(decoded) + _cut(told.latent, window, PLACE)


def targets(
    filled: Floats,
    decoded: Floats,
    kept: Floats,
    told: Assistance | None,
    window: Window,
    networks: Networks,
) -> Targets:
    """What the update of a window aims at.

    filled, decoded: as in start(); kept: (H, W), 1 in kept blocks.
    """
    if told is None:
        return Targets(known=filled, mask=kept, guide=filled)
    content = None
    if told.content is not None:
        content = networks.features(decoded)[1][2] + _cut(told.content, window, PLACE)
    edges = edge_mask = None
    if told.edges is not None and told.edge_mask is not None:
        edges = _cut(told.edges, window, 1)
        edge_mask = _cut(told.edge_mask[np.newaxis].astype(np.float32), window, 1)[0]
    return Targets(
        known=filled,
        mask=kept,
        edges=edges,
        edge_mask=edge_mask,
        grams=told.grams or (None, None, None),
        content=content,
        label=told.classes,
        guide=filled,
    )


def _cut(planes: Floats, window: Window, side: int) -> Floats:
    """What (C, h, w), one place for side x side pixels, has of a window; 0 beyond."""
    rows, columns = window.height // side, window.width // side
    y, x = window.y // side, window.x // side
    inside = planes[:, y : y + rows, x : x + columns]
    cut = np.zeros((len(planes), rows, columns), np.float32)
    cut[:, : inside.shape[1], : inside.shape[2]] = inside
    return cut
