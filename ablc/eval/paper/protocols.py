"""How pictures are reduced to the size of the paper's table.

The paper names neither its pictures nor how they were reduced to the size that its networks take.
Photographs resized to 227x227 with plain bilinear interpolation, baseline JPEG with 4:2:0, and
ssim.ssim_rgb reproduce the JPEG rows of its table best.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ablc.arrays import Pixels


def kodak_227(pixels: Pixels) -> Pixels:
    """Return a picture resized to (227, 227, 3), the input of AlexNet, whatever its proportions."""
    return _resized(pixels, 227, 227)


def imagenet_256(pixels: Pixels) -> Pixels:
    """Return the middle of a picture, (256, 256, 3), after its shorter side is resized to 256."""
    height, width, _ = pixels.shape
    scale = 256 / min(height, width)
    resized = _resized(pixels, max(round(scale * height), 256), max(round(scale * width), 256))
    top, left = (resized.shape[0] - 256) // 2, (resized.shape[1] - 256) // 2
    return np.ascontiguousarray(resized[top : top + 256, left : left + 256])


PROTOCOLS: Mapping[str, Callable[[Pixels], Pixels]] = MappingProxyType(
    {"kodak-227": kodak_227, "imagenet-256": imagenet_256}
)


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Return a picture interpolated between the four nearest pixels, without smoothing before."""
    import cv2  # late: an extra

    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR))
