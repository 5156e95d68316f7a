"""Regions of the pictures, and scores inside and outside of them.

Two masks of 15 % of the pixels, neither by a learned model:

ellipse   centred, semi-axes 0.437 of half the width and of half the height
saliency  spectral residual (Hou and Zhang 2007: 64x64 grey, log amplitude less its 3x3 mean,
          squared inverse transform, Gaussian), enlarged, Gaussian of 2 % of the width, top 15 %

psnr_in, psnr_out  over R, G and B of the mask's pixels, and of the rest
ssim_in, ssim_out  the map of rd.py's SSIM, averaged over the mask's pixels, and over the rest
"""

from __future__ import annotations

import functools
import math
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, uniform_filter

from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.measures.measure_set import fingerprint, probes
from ablc.eval.measures.regional import BORDER, regional

AREA = 0.15  # of all pixels
BLUR_FEATHER = 8  # pixels: width of the ramp between mask and blurred background
SSIM_BORDER = BORDER  # pixels at the border where the window does not fit

Mask = npt.NDArray[np.bool_]  # (H, W), True = inside


def ellipse(picture: Pixels) -> Mask:
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    axis = math.sqrt(4 * AREA / math.pi)
    return np.asarray(
        ((x - (width - 1) / 2) / (width / 2 * axis)) ** 2
        + ((y - (height - 1) / 2) / (height / 2 * axis)) ** 2
        <= 1
    )


def saliency(picture: Pixels) -> Mask:
    height, width = picture.shape[:2]
    small = Image.fromarray(picture).convert("L").resize((64, 64), Image.Resampling.BILINEAR)
    spectrum = np.fft.fft2(np.asarray(small, np.float64))
    amplitude = np.log(np.abs(spectrum) + 1e-9)
    residual = amplitude - uniform_filter(amplitude, 3, mode="wrap")
    energy = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    smooth = gaussian_filter(energy, 2.5, mode="reflect").astype(np.float32)  # (64, 64)
    large = Image.fromarray(smooth).resize((width, height), Image.Resampling.BILINEAR)
    heat = gaussian_filter(np.asarray(large, np.float64), 0.02 * width)  # (H, W)
    count = round(AREA * height * width)
    return np.asarray(heat >= np.partition(heat.ravel(), -count)[-count])


MASKS = {"ellipse": ellipse, "saliency": saliency}


def masks_of(picture: Pixels) -> dict[str, Mask]:
    return {name: make(picture) for name, make in MASKS.items()}


def blur_outside(picture: Pixels, mask: Mask, sigma: float) -> Pixels:
    """Return the picture, Gaussian-blurred outside the mask, with a ramp of BLUR_FEATHER pixels."""
    share = np.clip(distance_transform_edt(~mask) / BLUR_FEATHER, 0, 1)[..., None]
    planes = [gaussian_filter(picture[..., c].astype(np.float64), sigma) for c in range(3)]
    mixed = picture * (1 - share) + np.stack(planes, -1) * share
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def scores(picture: Pixels, decoded: Pixels, mask: Mask) -> Measurements:
    """Return psnr_in, psnr_out, ssim_in and ssim_out."""
    return asdict(regional(picture, decoded, mask))


@functools.cache
def scores_fingerprint() -> str:
    """Return a text that changes with the definition of a mask or of a score."""
    original, decoded = probes()
    masks = masks_of(original).values()
    return "\n".join(fingerprint(scores(original, decoded, mask)) for mask in masks)
