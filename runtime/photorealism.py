"""The photorealism term of Deep Photo Style Transfer, which the host adds to the update's loss.

Luan, Paris, Shechtman, Bala (arXiv:1703.07511), eq. 2: L_m = sum_c V_c^T M V_c, with V_c a channel
of the picture and M the matting Laplacian of a guide. It is small where, in every window of 3x3
pixels, each channel is an affine function of the guide's colours: edges stay where the guide has
them.

The picture is the one that is shown, mask known + (1 - mask) G(h), as for E and C. So where known
is the guide itself, only windows that reach into dropped blocks have residuals.
"""

from collections.abc import Callable

import numpy as np

from ablc.arrays import Floats
from ablc.runtime.matting import Matting


class Photorealism:
    """The term for one picture."""

    def __init__(
        self, guide: Floats, known: Floats, mask: Floats, generate: Callable[[Floats], Floats]
    ) -> None:
        """guide, known, mask: as in Targets; generate: G, from a code to its picture."""
        self._matting = Matting.of(guide)
        self._known, self._mask = known, mask
        self._generate = generate

    def __call__(self, h: Floats) -> tuple[float, Floats]:
        """Return L_m of a code, and its gradient in G(h), (3, H, W)."""
        picture = self._mask * self._known + (1 - self._mask) * self._generate(h)
        energy, gradient = self._matting.energy_and_gradient(picture)
        return energy, ((1 - self._mask) * gradient).astype(np.float32)
