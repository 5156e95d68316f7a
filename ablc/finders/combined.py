"""What a picture is most likely about: faces and text, or else what stands out."""

import numpy as np
import numpy.typing as npt

from ablc.arrays import Floats, Pixels
from ablc.finders.cascades import can_find_faces, faces
from ablc.finders.contrast import saliency
from ablc.finders.lettering import text
from ablc.finders.reduced import opencv

LARGEST = 0.4  # share of the picture above which a region gains nothing
INCIDENTAL = 0.03  # share of the picture below which text is not its subject
TRUST = np.float32(0.5)  # in saliency: a wrong guess costs what a right one gains


def auto(pixels: Pixels) -> npt.NDArray[np.generic]:
    """Return a mask (H, W) of faces and text, and half of what is salient if there are few.

    What is salient counts where there is no face, and text takes less than 3 % of the picture. The
    mask is 0 everywhere if nothing stands out, or if faces and text take more than 40 %. Faces need
    OpenCV 4, text needs OpenCV; without it, the mask is of what is salient alone.
    """
    region = faces(pixels) if can_find_faces() else np.zeros(pixels.shape[:2], np.bool_)
    no_face = not region.any()
    if opencv() is not None:
        region |= text(pixels)
    share = region.mean()
    if no_face and share < INCIDENTAL:
        salient: Floats = np.maximum(region, TRUST * saliency(pixels))
        return salient
    return region if share <= LARGEST else np.zeros_like(region)
