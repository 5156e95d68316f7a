"""Parameters `region` and `size` of the IIIF Image API 3.0 (sections 4.1 and 4.2).

Unlike IIIF servers, the service never enlarges. Every function raises ValueError for text that
does not describe a part or a size of the picture.
"""

import re

from ablc.regions import Region

NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
WHOLE = "[0-9]{1,6}"
REGION = rf"^(full|square|{WHOLE}(,{WHOLE}){{3}}|pct:{NUMBER}(,{NUMBER}){{3}})$"
SIZE = rf"^(max|{WHOLE},|,{WHOLE}|!?{WHOLE},{WHOLE}|pct:{NUMBER})$"
REGION_FORMS = "full, square, x,y,w,h or pct:x,y,w,h"
SIZE_FORMS = "max, w, or ,h or w,h or !w,h or pct:n"


def region(text: str, height: int, width: int) -> Region | None:
    """Return the region of a picture, clipped to it; None for the whole picture.

    text: full; square (the largest, centred); x,y,w,h in pixels; pct:x,y,w,h in per cent.
    """
    _check_syntax("region", REGION, text, REGION_FORMS)
    if text == "full":
        return None
    if text == "square":
        side = min(height, width)
        box = Region((width - side) // 2, (height - side) // 2, side, side)
        return _none_if_whole(box, height, width)
    if text.startswith("pct:"):
        x, y, w, h = (float(number) / 100 for number in text[4:].split(","))
        left, top = round(x * width), round(y * height)
        box = Region(left, top, round((x + w) * width) - left, round((y + h) * height) - top)
    else:
        box = Region.parse(text)
    right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
    clipped = Region(box.x, box.y, right - box.x, bottom - box.y)
    return _none_if_whole(clipped.check(height, width), height, width)


def size(text: str, height: int, width: int) -> tuple[int, int]:
    """Return the height and width to which a part of height x width pixels is scaled.

    text: max; "w," or ",h" with the other side in proportion; w,h; !w,h (at most that, in
    proportion); pct:n (per cent of each side).
    """
    _check_syntax("size", SIZE, text, SIZE_FORMS)
    if text == "max":
        return height, width
    if text.startswith("pct:"):
        share = float(text[4:]) / 100
        return _check_size(text, round(share * height), round(share * width), height, width)
    if text.startswith("!"):
        w, h = (int(number) for number in text[1:].split(","))
        share = min(1.0, w / width, h / height)
        if not share:
            raise ValueError(f"size {text} leaves no pixels")
        return max(1, round(share * height)), max(1, round(share * width))
    across, down = text.split(",")
    w = int(across) if across else max(1, round(width * int(down) / height))
    h = int(down) if down else max(1, round(height * int(across) / width))
    return _check_size(text, h, w, height, width)


def _check_syntax(name: str, pattern: str, text: str, forms: str) -> None:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"unknown IIIF {name} {text!r}: expected {forms}")


def _none_if_whole(box: Region, height: int, width: int) -> Region | None:
    return None if box == (0, 0, width, height) else box


def _check_size(text: str, h: int, w: int, height: int, width: int) -> tuple[int, int]:
    """Return h and w. Raises ValueError unless both are at least 1 and at most the part's."""
    if not (1 <= h <= height and 1 <= w <= width):
        raise ValueError(
            f"size {text} makes {w}x{h} pixels of {width}x{height}: each side has to be at least "
            "1 pixel and at most that of the region"
        )
    return h, w
