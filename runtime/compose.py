"""How a generated picture enters a filled one: its detail, where blocks were dropped."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SMOOTH = 4  # pixels that the low pass, a box taken twice, looks to either side
FEATHER = 4  # pixels over which generated detail fades in from the border of what is kept


def combine(filled: Floats, generated: Floats, kept: Floats, strength: float) -> Floats:
    """The filled picture with the generated one's detail in dropped blocks, (3, H, W).

    Colours and shading stay those of filled, whose low frequencies the base knows; kept pixels
    stay as they are.

    filled, generated: (3, H, W). kept: (H, W), 1 in kept blocks, else 0. strength: 0..1, the share
    of the detail that is replaced.
    """
    dropped = 1 - kept
    weight = strength * dropped * np.clip(2 * box(dropped, FEATHER) - 1, 0, 1)
    change = generated - filled
    smooth = box(box(change, SMOOTH), SMOOTH)
    return np.asarray(filled + weight * (change - smooth), np.float32)


def box(x: Floats, reach: int) -> Floats:
    """Means over squares of 2 reach + 1 pixels along the last two axes; borders repeat."""
    side = 2 * reach + 1
    around = [(0, 0)] * (x.ndim - 2)
    padded = np.pad(x, [*around, (reach + 1, reach), (reach + 1, reach)], mode="edge")
    # Running sums in float32 would lose digits over long rows.
    down = padded.cumsum(-2, np.float64)
    rows = (down[..., side:, :] - down[..., :-side, :]).astype(np.float32)
    across = rows.cumsum(-1, np.float64)
    return np.asarray((across[..., side:] - across[..., :-side]) / side**2, np.float32)
