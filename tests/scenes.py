"""Synthetic pictures."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw


def scene(height: int, width: int, channels: int = 3, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Return a picture (H, W, C) with slopes, edges and texture, like a small photograph."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(float)
    planes = []
    for _ in range(channels):
        plane = 90 + 50 * np.sin(x / 23 + rng.uniform(0, 6)) + 40 * np.cos(y / 31)
        plane += 60 * (np.hypot(x - width * rng.uniform(), y - height * 0.4) < height / 4)
        plane += rng.normal(0, 4 + 12 * (x > width / 2))
        planes.append(plane)
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)


def drawing(height: int, width: int, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Return a picture (H, W, 3) of flat discs and lines, without noise."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), (128, 128, 128))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        x0, x1 = sorted(rng.integers(-40, width + 40, 2).tolist())
        y0, y1 = sorted(rng.integers(-40, height + 40, 2).tolist())
        colour = tuple(rng.integers(0, 256, 3).tolist())
        if rng.random() < 0.5:
            pen.ellipse((x0, y0, x1, y1), fill=colour)
        else:
            pen.line((x0, y0, x1, y1), fill=colour, width=int(rng.integers(1, 9)))
    return np.array(image)


def stripes(height: int, width: int, slope: float) -> npt.NDArray[np.uint8]:
    """Return a picture (H, W, 3) of smooth waves whose crests move by `slope` pixels a row."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    place = x + slope * y
    planes = []
    for _ in range(3):
        waves = [
            rng.uniform(10, 45) * np.sin(place / rng.uniform(2, 9) + rng.uniform(0, 6))
            for _ in range(4)
        ]
        planes.append(128 + sum(waves))
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)
