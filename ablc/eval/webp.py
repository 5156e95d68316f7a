"""Pictures as WebP, for pages."""

import io

from PIL import Image

QUALITY = 90  # near enough to the original for the eye


def webp(image: Image.Image, *, lossless: bool = False) -> bytes:
    """Return an RGB picture as a WebP file."""
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, method=4, lossless=lossless)
    return file.getvalue()
