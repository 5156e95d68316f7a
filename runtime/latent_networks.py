"""E, G, C and the update graph of one preset, for one picture or window at a time."""

from collections.abc import Sequence

import numpy as np

from ablc.arrays import Floats
from ablc.runtime import latent, registry
from ablc.runtime.cards import ModelCard
from ablc.runtime.loss_targets import Targets
from ablc.runtime.session import Session, Sessions, Sizes


class LatentNetworks:
    """E, G, C and the update graph of one preset."""

    def __init__(self, sessions: Sessions, update: ModelCard, sizes: Sizes = ()) -> None:
        """update: card of the update graph, whose preset is that of E, G and C.

        sizes: of the sessions' inputs, as in Sessions.get().
        """
        self._sessions = sessions
        self._update = update
        self._sizes = sizes

    def code(self, picture: Floats) -> Floats:
        """Return E of a picture, (L, H/16, W/16) of (3, H, W)."""
        return self._run("encoder", picture)[0]

    def picture(self, code: Floats) -> Floats:
        """Return G of a code, (3, H, W) of (L, H/16, W/16)."""
        return self._run("generator", code)[0]

    def features(self, picture: Floats) -> tuple[Floats, Sequence[Floats]]:
        """Return (1000,) scores, and F^1, F^2, F^3, by C of (3, H, W)."""
        scores, *features = self._run("condition", picture)
        return scores, features[:3]

    def update(
        self, code: Floats, targets: Targets, settings: latent.UpdateSettings
    ) -> latent.UpdateResult:
        """Return the best code, found from a first one; see latent.run()."""
        return latent.run(self._get(self._update), code, targets, settings, generate=self.picture)

    @property
    def name_in_stream(self) -> bytes:
        """The body of MODL that names the update graph, and with it the preset."""
        return registry.name_in_stream(self._update)

    @property
    def channels(self) -> tuple[tuple[int, ...], int]:
        """Numbers of channels: of F^1, F^2, F^3, and of h."""
        inputs = self._update.inputs
        grams = [inputs[f"gram{i}"].split(",")[1] for i in (1, 2, 3)]
        return tuple(map(int, grams)), int(inputs["h"].split(",")[1])

    def _run(self, role: str, value: Floats) -> list[Floats]:
        session = self._get(registry.card(f"{role}-{self._update.preset}"))
        (name,) = (node.name for node in session.net.get_inputs())
        return [output[0] for output in session.run({name: value[np.newaxis]})]

    def _get(self, card: ModelCard) -> Session:
        return self._sessions.get(card, self._sizes)
