"""Which part of a picture is wanted, and how large.

The words are those of IIIF Image API 3.0, 4.1 and 4.2, as values of `region` and `size`; sizes
never enlarge. Everything here raises ValueError for text that makes no part or size of the picture.
"""

import re

from ablc.regions import Region

NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
WHOLE = "[0-9]{1,6}"
REGION = rf"^(full|square|{WHOLE}(,{WHOLE}){{3}}|pct:{NUMBER}(,{NUMBER}){{3}})$"
SIZE = rf"^(max|{WHOLE},|,{WHOLE}|!?{WHOLE},{WHOLE}|pct:{NUMBER})$"


def part(text: str, height: int, width: int) -> Region | None:
    """The region of a picture, clipped to it; None for all of it.

    text: full; square, centred; x,y,w,h in pixels; pct:x,y,w,h in per cent.
    """
    _match("region", REGION, text)
    if text == "full":
        return None
    if text == "square":
        side = min(height, width)
        return _all_but(
            Region((width - side) // 2, (height - side) // 2, side, side), height, width
        )
    if text.startswith("pct:"):
        x, y, w, h = (float(number) / 100 for number in text[4:].split(","))
        left, top = round(x * width), round(y * height)
        box = Region(left, top, round((x + w) * width) - left, round((y + h) * height) - top)
    else:
        box = Region.parse(text)
    right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
    clipped = Region(box.x, box.y, right - box.x, bottom - box.y)
    return _all_but(clipped.check(height, width), height, width)


def size(text: str, height: int, width: int) -> tuple[int, int]:
    """Height and width at which a part of height x width pixels is wanted.

    text: max; w, or ,h, the other side in proportion; w,h; !w,h, at most that, in proportion;
    pct:n.
    """
    _match("size", SIZE, text)
    if text == "max":
        return height, width
    if text.startswith("pct:"):
        share = float(text[4:]) / 100
        return _smaller(text, round(share * height), round(share * width), height, width)
    if text.startswith("!"):
        w, h = (int(number) for number in text[1:].split(","))
        share = min(1.0, w / width, h / height)
        if not share:
            raise ValueError(f"size {text} leaves no pixels")
        return max(1, round(share * height)), max(1, round(share * width))
    across, down = text.split(",")
    w = int(across) if across else max(1, round(width * int(down) / height))
    h = int(down) if down else max(1, round(height * int(across) / width))
    return _smaller(text, h, w, height, width)


def _match(name: str, pattern: str, text: str) -> None:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{name} {text!r} is none that IIIF knows")


def _all_but(box: Region, height: int, width: int) -> Region | None:
    """The box; None if that is the whole picture."""
    return None if box == (0, 0, width, height) else box


def _smaller(text: str, h: int, w: int, height: int, width: int) -> tuple[int, int]:
    """Height and width. Raises ValueError unless these are 1 to those of the part."""
    if not (1 <= h <= height and 1 <= w <= width):
        raise ValueError(
            f"size {text} makes {w}x{h} pixels of {width}x{height}: none, or more than there are"
        )
    return h, w
