"""The pictures on which the paper's table is measured again.

The paper tells neither its pictures nor how they were made as small as its networks want them. The
JPEG rows of its table are met best by photographs resized to 227x227 with plain bilinear
interpolation, baseline JPEG with 4:2:0, and ssim.ssim_rgb.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ablc.arrays import Pixels


def kodak_227(pixels: Pixels) -> Pixels:
    """(227, 227, 3): the input of AlexNet, whatever the picture's proportions."""
    return _resized(pixels, 227, 227)


def imagenet_256(pixels: Pixels) -> Pixels:
    """(256, 256, 3): the middle of the picture, its shorter side resized to 256."""
    height, width, _ = pixels.shape
    scale = 256 / min(height, width)
    resized = _resized(pixels, max(round(scale * height), 256), max(round(scale * width), 256))
    top, left = (resized.shape[0] - 256) // 2, (resized.shape[1] - 256) // 2
    return np.ascontiguousarray(resized[top : top + 256, left : left + 256])


PROTOCOLS: Mapping[str, Callable[[Pixels], Pixels]] = MappingProxyType(
    {"kodak-227": kodak_227, "imagenet-256": imagenet_256}
)


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bilinear between the four nearest pixels; no smoothing before it."""
    import cv2  # late: part of an extra

    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR))
