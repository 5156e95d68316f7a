"""Prints the worked example of docs/FORMAT.md: a small picture and its stream by bytes."""

import binascii
import sys

import numpy as np
import numpy.typing as npt

from ablc import _core

STEP = 640
NAMES = {1: "BASE", 2: "MASK", 3: "BLKS"}
MASK = np.array([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0]], dtype=bool)


def picture() -> npt.NDArray[np.uint8]:
    """(16, 16, 1) grey: part of a bright disc on a slope."""
    y, x = np.mgrid[0:16, 0:16]
    inside = (x - 3) ** 2 + (y - 12) ** 2 < 64
    grey: npt.NDArray[np.uint8] = np.where(inside, 200 - 3 * x, 40 + 4 * y).astype(np.uint8)
    return grey[..., None]


def rows(image: npt.NDArray[np.uint8]) -> list[str]:
    return [" ".join(f"{v:02x}" for v in row) for row in image[..., 0]]


def line(at: int, data: bytes, meaning: str) -> str:
    return f"{at:02x}  {data.hex(' ').upper():<24}  {meaning}"


def example() -> str:
    """The block, from fence to fence, with a line feed at its end."""
    image = picture()
    data: bytes = _core.encode(image, step=STEP)
    decoded, _ = _core.decode(data, max_pixels=image.size)
    out = ["```", f"picture, {len(data)} bytes as a stream:", *rows(image), "", "stream:"]
    checksum = binascii.crc32(data[15:], binascii.crc32(data[:11]))
    for start, end, meaning in (
        (0, 3, "magic, ABL"),
        (3, 4, f"version {data[3]}"),
        (4, 5, f"flags {data[4]}: grey, one tile"),
        (5, 7, f"width {data[5] | data[6] << 8}"),
        (7, 9, f"height {data[7] | data[8] << 8}"),
        (9, 11, f"step {data[9] | data[10] << 8}, {(data[9] | data[10] << 8) / 16:g} grey levels"),
        (11, 15, f"CRC-32 {checksum:08X} of bytes 00..0a and 0f..{len(data) - 1:02x}"),
    ):
        out.append(line(start, data[start:end], meaning))
    at = 15
    while at < len(data):
        length = data[at + 1]
        assert length < 128, "the example's lengths take one byte"
        out.append(line(at, data[at : at + 1], f"section {NAMES[data[at]]}"))
        out.append(line(at + 1, data[at + 1 : at + 2], f"length {length}"))
        body = data[at + 2 : at + 2 + length]
        for i in range(0, length, 8):
            out.append(line(at + 2 + i, body[i : i + 8], "" if i else "segment of the only tile"))
        at += 2 + length
    kept = _core.keep_mask(data, max_pixels=image.size).astype(int).tolist()
    out += ["", f"cells kept, row by row: {kept}", "", "decoded:", *rows(decoded), ""]
    cells = ["".join(map(str, row)) for row in MASK.astype(int).tolist()]
    out += [f"cell mask {' / '.join(cells)} on its own: {_core.pack_mask(MASK).hex(' ').upper()}"]
    return "\n".join(part.rstrip() for part in [*out, "```"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(example())
