"""Made-up pictures."""

import numpy as np
import numpy.typing as npt


def scene(height: int, width: int, channels: int = 3, seed: int = 1) -> npt.NDArray[np.uint8]:
    """(H, W, C) with slopes, edges and texture, like a photograph in small."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(float)
    planes = []
    for _ in range(channels):
        plane = 90 + 50 * np.sin(x / 23 + rng.uniform(0, 6)) + 40 * np.cos(y / 31)
        plane += 60 * (np.hypot(x - width * rng.uniform(), y - height * 0.4) < height / 4)
        plane += rng.normal(0, 4 + 12 * (x > width / 2))
        planes.append(plane)
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)
