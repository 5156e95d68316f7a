"""Print the worked example of docs/FORMAT.md: a small picture and its stream, byte by byte."""

import binascii
import sys

import numpy as np
import numpy.typing as npt

from ablc import _core

STEP = 640
HEADER_BYTES = 15
NAMES = {2: "MASK", 3: "BLKS"}
MASK = np.array([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0]], dtype=bool)


def picture() -> npt.NDArray[np.uint8]:
    """Return a (16, 16, 1) grey picture: part of a bright disc on a slope."""
    y, x = np.mgrid[0:16, 0:16]
    inside = (x - 3) ** 2 + (y - 12) ** 2 < 64
    grey: npt.NDArray[np.uint8] = np.where(inside, 200 - 3 * x, 40 + 4 * y).astype(np.uint8)
    return grey[..., None]


def rows(image: npt.NDArray[np.uint8]) -> list[str]:
    """Return the rows of an (H, W, 1) picture, each sample as two hexadecimal digits."""
    return [" ".join(f"{v:02x}" for v in row) for row in image[..., 0]]


def line(at: int, data: bytes, meaning: str) -> str:
    """Return a line of the dump: the offset, the bytes from there on, and what they mean."""
    return f"{at:02x}  {data.hex(' ').upper():<24}  {meaning}"


def header_lines(data: bytes) -> list[str]:
    """Return the dump of the header of a stream without a tile byte."""
    step = int.from_bytes(data[9:11], "little")
    checksum = binascii.crc32(data[HEADER_BYTES:], binascii.crc32(data[:11]))
    fields = (
        (0, 3, "magic, ABL"),
        (3, 4, f"version {data[3]}"),
        (4, 5, f"flags {data[4]}: grey, one tile"),
        (5, 7, f"width {int.from_bytes(data[5:7], 'little')}"),
        (7, 9, f"height {int.from_bytes(data[7:9], 'little')}"),
        (9, 11, f"step {step}, {step / 16:g} grey levels"),
        (11, 15, f"CRC-32 {checksum:08X} of bytes 00..0a and 0f..{len(data) - 1:02x}"),
    )
    return [line(start, data[start:end], meaning) for start, end, meaning in fields]


def section_lines(data: bytes) -> list[str]:
    """Return the dump of the sections of a stream."""
    lines = []
    at = HEADER_BYTES
    while at < len(data):
        length = data[at + 1]
        assert length < 128, "the example's lengths take one byte"
        lines.append(line(at, data[at : at + 1], f"section {NAMES[data[at]]}"))
        lines.append(line(at + 1, data[at + 1 : at + 2], f"length {length}"))
        body = data[at + 2 : at + 2 + length]
        for i in range(0, length, 8):
            meaning = "" if i else "segment of the only tile"
            lines.append(line(at + 2 + i, body[i : i + 8], meaning))
        at += 2 + length
    return lines


def example() -> str:
    """Return the block of the document, from fence to fence, with a line feed at its end."""
    image = picture()
    data = _core.encode(image, step=STEP)
    stream = _core.Stream(data)
    decoded, _ = stream.decode()
    kept = stream.keep_mask().astype(int).tolist()
    cells = " / ".join("".join(map(str, row)) for row in MASK.astype(int).tolist())
    lines = [
        "```",
        f"picture, {len(data)} bytes as a stream:",
        *rows(image),
        "",
        "stream:",
        *header_lines(data),
        *section_lines(data),
        "",
        f"cells kept, row by row: {kept}",
        "",
        "decoded:",
        *rows(decoded),
        "",
        f"cell mask {cells} on its own: {_core.pack_mask(MASK).hex(' ').upper()}",
        "```",
    ]
    return "\n".join(part.rstrip() for part in lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(example())
