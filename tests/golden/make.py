"""Writes the golden files: ok/ and what each decodes to (ok.json), and bad/.

Run by hand, and only when docs/FORMAT.md has a new version: python tests/golden/make.py
"""

import hashlib
import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

import ablc
from ablc import _core
from ablc.arrays import Pixels

Sections = list[tuple[int, bytes]]

HERE = Path(__file__).parent
BASE, MASK, BLOCKS, ALPHA, PLANES, EXACT = 1, 2, 3, 4, 5, 6
FLAGS, WIDTH, HEIGHT, STEP, CHECKSUM, HEADER = 4, 5, 7, 9, 11, 15
TILED, HAS_EXACT = 16, 128


def gradient(height: int, width: int) -> Pixels:
    """(H, W, 3): a slope of another direction in every channel."""
    y, x = np.mgrid[:height, :width]
    planes = (x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x + 2 * y) % 256)
    return np.stack(planes, axis=2).astype(np.uint8)


def text(height: int, width: int) -> Pixels:
    """(H, W, 1): lines of dark strokes on paper."""
    rng = np.random.default_rng(3)
    strokes = rng.random((-(-height // 2), -(-width // 2))) < 0.5
    strokes[3::5] = strokes[4::5] = False  # between the lines
    ink = np.kron(strokes, np.ones((2, 2), bool))[:height, :width]
    return np.where(ink, 20, 235).astype(np.uint8)[..., np.newaxis]


def noise(height: int, width: int, channels: int = 3) -> Pixels:
    """(H, W, C): mid grey with grain."""
    return np.random.default_rng(4).integers(96, 160, (height, width, channels), np.uint8)


def mixed(height: int, width: int) -> Pixels:
    """(H, W, 3): slope, text and grain side by side, flat at both ends."""
    image = gradient(height, width)
    third = width // 3
    image[:, third : 2 * third] = text(height, third)
    image[:, 2 * third :] = noise(height, width - 2 * third)
    return image


def with_alpha(image: Pixels) -> Pixels:
    """(H, W, 4): transparent towards one corner."""
    return np.concatenate([image, 255 - gradient(*image.shape[:2])[..., :1]], axis=2)


def flat_ended(height: int, width: int) -> Pixels:
    """(H, W, 3): grey but for text in the middle, so that tiles of it do not see each other."""
    image = np.full((height, width, 3), 128, np.uint8)
    if width > 128:
        image[:, 64:-64] = text(height, width - 128)
    return image


def corner(height: int, width: int) -> npt.NDArray[np.bool_]:
    """(H, W): a triangle at the upper right."""
    return np.add.outer(np.arange(height), -np.arange(width)) < 3 - width


def sparse(height: int, width: int, seed: int = 5) -> npt.NDArray[np.bool_]:
    """(H, W): a few single places."""
    return np.random.default_rng(seed).random((height, width)) < 0.06


# ---- files as parts ----------------------------------------------------------------------------
def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def parsed_varint(data: bytes) -> tuple[int, bytes]:
    """The number that data begin with, and the bytes after it."""
    rest = parsed_varint(data[1:]) if data[0] & 128 else (0, data[1:])
    return data[0] & 127 | rest[0] << 7, rest[1]


def split(data: bytes) -> tuple[bytes, Sections]:
    """Header and sections of a file."""
    sections = []
    at = HEADER + bool(data[FLAGS] & TILED)
    head = data[:at]
    while at < len(data):
        code, length, shift = data[at], 0, 0
        while True:
            at += 1
            length |= (data[at] & 127) << shift
            shift += 7
            if data[at] < 128:
                break
        sections.append((code, data[at + 1 : at + 1 + length]))
        at += 1 + length
    return head, sections


def repaired(data: bytes) -> bytes:
    """The file with the checksum that its bytes want."""
    checksum = zlib.crc32(data[HEADER:], zlib.crc32(data[:CHECKSUM]))
    return data[:CHECKSUM] + checksum.to_bytes(4, "little") + data[HEADER:]


def join(head: bytes, sections: Sections) -> bytes:
    return repaired(head + b"".join(bytes([c]) + varint(len(b)) + b for c, b in sections))


def patched(data: bytes, at: int, value: bytes) -> bytes:
    """Other bytes in a file, its checksum repaired."""
    return repaired(data[:at] + value + data[at + len(value) :])


def without(data: bytes, code: int) -> bytes:
    head, sections = split(data)
    return join(head, [(c, b) for c, b in sections if c != code])


def shortened(data: bytes, code: int) -> bytes:
    """A section that ends after a quarter; its length says so."""
    head, sections = split(data)
    return join(head, [(c, b[: len(b) // 4] if c == code else b) for c, b in sections])


def lengthened(data: bytes, code: int) -> bytes:
    """A section with bytes that nothing reads."""
    head, sections = split(data)
    return join(head, [(c, b + bytes(8) if c == code else b) for c, b in sections])


def side_by_side(left: bytes, right: bytes) -> bytes:
    """A file of two tiles from two files of one: 256 pixels wide, and what is right of them."""
    head, sections = split(left)
    other, segments = split(right)
    width = sum(int.from_bytes(h[WIDTH:HEIGHT], "little") for h in (head, other))
    flags = bytes([head[FLAGS] | TILED])
    head = head[:FLAGS] + flags + width.to_bytes(2, "little") + head[HEIGHT:] + bytes([8])
    return join(
        head,
        [
            (code, varint(len(first)) + first + second)
            for (code, first), (_, second) in zip(sections, segments, strict=True)
        ],
    )


# ---- the files ---------------------------------------------------------------------------------
def ok_files() -> dict[str, bytes]:
    rgb = mixed(32, 48)
    cells = np.add.outer(np.arange(3), np.arange(5)) % 2 == 0
    importance = np.outer(np.ones(40), np.geomspace(0.05, 20, 72))
    spread = 2.0 ** np.linspace(17, -17, 9 * 13).reshape(9, 13)
    wide = flat_ended(9, 272)
    return {
        "grey": ablc.encode(text(24, 33), quality=40),
        "rgb": ablc.encode(rgb, quality=50),
        "rgb-444": ablc.encode(mixed(20, 40), quality=50, subsampling="4:4:4"),
        "rgb-high": ablc.encode(mixed(16, 24), quality=95),
        "rgb-low": ablc.encode(gradient(48, 64), quality=5),
        "rgba": ablc.encode(with_alpha(gradient(24, 20)), quality=30),
        "mask": ablc.encode(mixed(19, 40), quality=40, mask=cells),
        "importance": ablc.encode(mixed(40, 72), quality=40, importance=importance),
        "importance-extreme": _core.encode(
            gradient(72, 100), step=640, importance=spread.astype(np.float32)
        ),
        "exact-cells": _core.encode(mixed(20, 40), step=2000, exact=corner(3, 5)),
        "exact-cells-grey": _core.encode(text(19, 33), step=3000, exact=corner(3, 5)),
        "exact-pixels": _core.encode(mixed(20, 41), step=2000, exact=sparse(20, 41)),
        "exact-pixels-grey": _core.encode(text(19, 33), step=3000, exact=sparse(19, 33)),
        "exact-none": _core.encode(rgb, step=4000, exact=np.zeros((4, 6), bool)),
        "exact-mask-importance": _core.encode(
            mixed(40, 72),
            step=1500,
            exact=corner(5, 9),
            mask=np.add.outer(np.arange(5), np.arange(9)) % 7 < 3,
            importance=np.geomspace(0.05, 20, 45).reshape(5, 9).astype(np.float32),
        ),
        "exact-tiles-alpha": _core.encode(
            with_alpha(wide), step=2000, tile=256, exact=sparse(9, 272, seed=6)
        ),
        "metadata": ablc.encode(gradient(8, 8), icc=b"profile", exif=b"II*\0", xmp=b"<x/>"),
        "one-pixel": ablc.encode(gradient(1, 1)),
        "one-row": ablc.encode(noise(1, 70), quality=30),
        "lossless-grey": ablc.encode(text(16, 20), lossless=True),
        "lossless-rgb": ablc.encode(mixed(10, 24), lossless=True),
        "lossless-rgba": ablc.encode(with_alpha(gradient(12, 9)), lossless=True),
        "tiles": side_by_side(
            ablc.encode(wide[:, :256], quality=30), ablc.encode(wide[:, 256:], quality=30)
        ),
        "tiles-lossless": side_by_side(
            ablc.encode(wide[:, :256], lossless=True), ablc.encode(wide[:, 256:], lossless=True)
        ),
        "tiles-large": ablc.encode(gradient(1260, 1360)[..., 1:2], quality=1, effort=1),
    }


def bad_files(ok: dict[str, bytes]) -> dict[str, bytes]:
    rgb, rgba, tiles = ok["rgb"], ok["rgba"], ok["tiles"]
    head, sections = split(tiles)
    code, body = sections[0]
    first, segments = parsed_varint(body)
    rgb_head, rgb_sections = split(rgb)
    rgb_base = rgb_sections[0][1]
    rgb_rest = rgb[len(rgb_head) + 1 + len(varint(len(rgb_base))) :]
    return {
        "empty": b"",
        "bad-magic": b"\x89PNG" + rgb[4:],
        "other-version": patched(rgb, 3, b"\xff"),
        "header-cut-short": rgb[: HEADER - 1],
        "reserved-channels": patched(rgb, FLAGS, bytes([rgb[FLAGS] | 12])),
        "width-zero": patched(rgb, WIDTH, bytes(2)),
        "height-zero": patched(rgb, HEIGHT, bytes(2)),
        "too-many-pixels": patched(rgb, WIDTH, b"\xff\xff\xff\xff"),
        "step-zero": patched(rgb, STEP, bytes(2)),
        "step-too-large": patched(rgb, STEP, b"\x01\x40"),
        "tile-side-missing": patched(rgb[:HEADER], FLAGS, bytes([rgb[FLAGS] | TILED])),
        "tile-side-too-small": patched(tiles, HEADER, b"\x07"),
        "tile-side-too-large": patched(tiles, HEADER, b"\x10"),
        "checksum": rgb[:CHECKSUM] + bytes(4) + rgb[HEADER:],
        "no-sections": repaired(rgb[:HEADER]),
        "base-missing": without(rgb, BASE),
        "mask-missing": without(rgb, MASK),
        "blocks-missing": without(rgb, BLOCKS),
        "alpha-missing": without(rgba, ALPHA),
        "planes-missing": without(ok["lossless-rgb"], PLANES),
        "exact-missing": patched(rgb, FLAGS, bytes([rgb[FLAGS] | HAS_EXACT])),
        "base-cut-short": shortened(rgb, BASE),
        "mask-cut-short": shortened(ok["mask"], MASK),
        "blocks-cut-short": shortened(rgb, BLOCKS),
        "alpha-cut-short": shortened(rgba, ALPHA),
        "planes-cut-short": shortened(ok["lossless-rgb"], PLANES),
        "exact-cut-short": shortened(ok["exact-cells"], EXACT),
        "exact-pixels-cut-short": shortened(ok["exact-pixels"], EXACT),
        "base-too-long": lengthened(rgb, BASE),
        "mask-too-long": lengthened(rgb, MASK),
        "blocks-too-long": lengthened(rgb, BLOCKS),
        "alpha-too-long": lengthened(rgba, ALPHA),
        "planes-too-long": lengthened(ok["lossless-rgb"], PLANES),
        "exact-too-long": lengthened(ok["exact-cells"], EXACT),
        "exact-none-too-long": lengthened(ok["exact-none"], EXACT),
        "exact-tiles-too-long": lengthened(ok["exact-tiles-alpha"], EXACT),
        "section-beyond-end": patched(rgb, HEADER + 1, b"\xff\x7f"),
        "section-length-of-33-bits": repaired(
            rgb_head + bytes([BASE]) + varint(len(rgb_base) + 2**32) + rgb_rest
        ),
        "section-length-endless": repaired(rgb[:HEADER] + bytes([BASE]) + b"\x80" * 10),
        "section-twice": join(head, [*sections, sections[0]]),
        "segment-beyond-section": join(head, [(code, b"\xff\x7f" + body[2:]), *sections[1:]]),
        "segment-length-of-33-bits": join(
            head, [(code, varint(first + 2**32) + segments), *sections[1:]]
        ),
        "segment-lengths-missing": join(head, [(code, b""), *sections[1:]]),
        "byte-after-end": repaired(rgb + b"\0"),
        "prefix": rgb[: len(rgb) * 2 // 3],
    }


def write(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.ablc").write_bytes(data)


def picture_of(data: bytes) -> dict[str, object]:
    image = ablc.decode(data, fill="classical", threads=1)
    return {"shape": image.shape, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}


def main() -> None:
    ok = ok_files()
    write(HERE / "ok", ok)
    write(HERE / "bad", bad_files(ok))
    pictures = {name: picture_of(data) for name, data in ok.items()}
    (HERE / "ok.json").write_text(json.dumps(pictures, indent=2) + "\n")


if __name__ == "__main__":
    main()
