"""Writes the golden files: ok/ and what each decodes to (ok.json), and bad/.

Run by hand, and only when docs/FORMAT.md has a new version:

PYTHONPATH=tests python tests/golden/make.py
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

import ablc
from ablc import _core
from ablc.arrays import Pixels
from containers import crc, fields, join, of_version_1, repaired, split, stream, varint
from reference import file

HERE = Path(__file__).parent
MAX_PIXELS = 1 << 24
FLAGS, WIDTH, HEIGHT, STEP = 4, 5, 7, 9  # places in the header
LOSSY_OF_VERSION_1 = bytes.fromhex(
    "41424c010401000100fe015ea6b55e01030000780201400301ab"
)  # one pixel, as the encoder of version 1 wrote it


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


def blotted(height: int, width: int) -> Pixels:
    """(H, W, 3): a slope with a blot of text at the upper left, for leaves of every size."""
    image = gradient(height, width)
    image[4:20, 4:20] = text(16, 16)
    return image


def sparse(height: int, width: int, seed: int = 5) -> npt.NDArray[np.bool_]:
    """(H, W): a few single places."""
    return np.random.default_rng(seed).random((height, width)) < 0.06


# ---- damage -----------------------------------------------------------------------------------
def patched(data: bytes, at: int, value: bytes) -> bytes:
    """Other bytes in a file, its checksum repaired."""
    return repaired(data[:at] + value + data[at + len(value) :])


def changed(data: bytes, section: int, change: Callable[[bytes], bytes]) -> bytes:
    """Another body of a section, as the file has it; its checksum repaired."""
    sections = file.parse(data, MAX_PIXELS).sections
    return stream(split(data).head, {**sections, section: change(sections[section])})


def without(data: bytes, section: int) -> bytes:
    """A file of which a section is missing."""
    sections = file.parse(data, MAX_PIXELS).sections
    return stream(split(data).head, {i: b for i, b in sections.items() if i != section})


def shortened(data: bytes, section: int) -> bytes:
    """A section that ends after a quarter; its length says so."""
    return changed(data, section, lambda body: body[: len(body) // 4])


def lengthened(data: bytes, section: int) -> bytes:
    """A section with bytes that nothing reads."""
    return changed(data, section, lambda body: body + bytes(8))


def reindexed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Another index of the tiles, its checksum repaired."""
    head = split(data).head
    return changed(data, file.TIDX, lambda body: (b := change(body[:-4])) + crc(fields(head) + b))


def with_long_tile(data: bytes, section: int) -> bytes:
    """A segment of the first tile with bytes that nothing reads; the index knows of them."""
    parts = split(data)
    parts.segments[section][0] += bytes(8)
    return join(parts)


# ---- the files ---------------------------------------------------------------------------------
def ok_files() -> dict[str, bytes]:
    rgb = mixed(32, 48)
    cells = np.add.outer(np.arange(3), np.arange(5)) % 2 == 0
    importance = np.outer(np.ones(40), np.geomspace(0.05, 20, 72))
    spread = 2.0 ** np.linspace(17, -17, 9 * 13).reshape(9, 13)
    lossless_rgb = ablc.encode(mixed(10, 24), lossless=True)
    lossless_tiles = _core.encode(flat_ended(9, 272), lossless=True, step=510, tile=256)
    return {
        "grey": ablc.encode(text(24, 33), quality=40),
        "rgb": ablc.encode(rgb, quality=50),
        "rgb-444": ablc.encode(mixed(20, 40), quality=50, subsampling="4:4:4"),
        "rgb-high": ablc.encode(mixed(16, 24), quality=95),
        "rgb-low": ablc.encode(gradient(48, 64), quality=5),
        "rgba": ablc.encode(with_alpha(gradient(24, 20)), quality=30),
        "leaves": _core.encode(blotted(64, 128), step=900),
        "mask": ablc.encode(mixed(19, 40), quality=40, mask=cells),
        "mask-444": ablc.encode(mixed(19, 40), quality=40, mask=~cells, subsampling="4:4:4"),
        "mask-empty": ablc.encode(mixed(19, 40), quality=40, mask=np.zeros((3, 5), np.bool_)),
        "importance": ablc.encode(mixed(40, 72), quality=40, importance=importance),
        "importance-extreme": _core.encode(
            gradient(72, 100), step=640, importance=spread.astype(np.float32)
        ),
        "metadata": ablc.encode(gradient(8, 8), icc=b"profile", exif=b"II*\0", xmp=b"<x/>"),
        "one-pixel": ablc.encode(gradient(1, 1)),
        "one-row": ablc.encode(noise(1, 70), quality=30),
        "lossless-grey": ablc.encode(text(16, 20), lossless=True),
        "lossless-rgb": lossless_rgb,
        "lossless-rgba": ablc.encode(with_alpha(gradient(12, 9)), lossless=True),
        "tiles": _core.encode(flat_ended(9, 272), step=640, tile=256),
        "tiles-lossless": lossless_tiles,
        "tiles-large": ablc.encode(gradient(1260, 1360)[..., 1:2], quality=1, effort=1),
        # The same bytes as the encoder of version 1 wrote.
        "version-1-lossless-rgb": of_version_1(lossless_rgb),
        "version-1-tiles-lossless": of_version_1(lossless_tiles),
        **exact_files(rgb),
    }


def exact_files(rgb: Pixels) -> dict[str, bytes]:
    return {
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
            with_alpha(flat_ended(9, 272)), step=2000, tile=256, exact=sparse(9, 272, seed=6)
        ),
    }


def bad_headers(rgb: bytes, tiles: bytes) -> dict[str, bytes]:
    coarse = int.from_bytes(rgb[STEP : STEP + 2], "little") | 1 << 15
    return {
        "empty": b"",
        "bad-magic": b"\x89PNG" + rgb[4:],
        "other-version": patched(rgb, 3, b"\xff"),
        "version-1-lossy": LOSSY_OF_VERSION_1,
        "header-cut-short": rgb[: file.HEADER_BYTES - 1],
        "reserved-channels": patched(rgb, FLAGS, bytes([rgb[FLAGS] | 12])),
        "reserved-step": patched(rgb, STEP, coarse.to_bytes(2, "little")),
        "width-zero": patched(rgb, WIDTH, bytes(2)),
        "height-zero": patched(rgb, HEIGHT, bytes(2)),
        "too-many-pixels": patched(rgb, WIDTH, b"\xff\xff\xff\xff"),
        "step-zero": patched(rgb, STEP, bytes(2)),
        "step-too-large": patched(rgb, STEP, b"\x01\x40"),
        "tile-side-missing": patched(
            rgb[: file.HEADER_BYTES], FLAGS, bytes([rgb[FLAGS] | file.TILED])
        ),
        "tile-side-too-small": patched(tiles, file.HEADER_BYTES, b"\x07"),
        "tile-side-too-large": patched(tiles, file.HEADER_BYTES, b"\x10"),
        "checksum": rgb[: file.CHECKSUM_AT] + bytes(4) + rgb[file.HEADER_BYTES :],
    }


def bad_sections(ok: dict[str, bytes]) -> dict[str, bytes]:
    rgb = ok["rgb"]
    blocks = split(rgb).segments[file.BLKS][0]
    head = rgb[: file.HEADER_BYTES]
    files = {
        "no-sections": repaired(head),
        "exact-missing": patched(rgb, FLAGS, bytes([rgb[FLAGS] | file.EXACT_SAMPLES])),
        "exact-pixels-cut-short": shortened(ok["exact-pixels"], file.EXCT),
        "exact-none-too-long": lengthened(ok["exact-none"], file.EXCT),
        "section-beyond-end": patched(rgb, file.HEADER_BYTES + 1, b"\xff\x7f"),
        "section-length-of-33-bits": repaired(
            head + bytes([file.BLKS]) + varint(len(blocks) + 2**32) + blocks
        ),
        "section-length-endless": repaired(head + bytes([file.BLKS]) + b"\x80" * 10),
        "section-twice": repaired(rgb + bytes([file.BLKS]) + varint(len(blocks)) + blocks),
        "byte-after-end": repaired(rgb + b"\0"),
        "prefix": rgb[: len(rgb) * 2 // 3],
    }
    for name, source, section in (
        ("mask", "mask", file.MASK),
        ("blocks", "rgb", file.BLKS),
        ("alpha", "rgba", file.ALPH),
        ("planes", "lossless-rgb", file.PLNS),
        ("exact", "exact-cells", file.EXCT),
    ):
        files.setdefault(f"{name}-missing", without(ok[source], section))
        files[f"{name}-cut-short"] = shortened(ok[source], section)
        files[f"{name}-too-long"] = lengthened(ok[source], section)
    return files


def bad_tiles(ok: dict[str, bytes]) -> dict[str, bytes]:
    tiles, rgb, old = ok["tiles"], ok["rgb"], ok["version-1-tiles-lossless"]
    own = bytes([file.BLKS, 0])
    return {
        "index-missing": without(tiles, file.TIDX),
        "index-cut-short": shortened(tiles, file.TIDX),
        "index-too-long": reindexed(tiles, lambda body: body + bytes(8)),
        "index-checksum": changed(tiles, file.TIDX, lambda body: body[:-4] + bytes(4)),
        "index-without-sections": reindexed(tiles, lambda body: b"\0" + body[1:]),
        "index-of-too-many-sections": reindexed(tiles, lambda body: b"\x11" + body[1:]),
        "index-section-twice": reindexed(
            tiles, lambda body: b"\2" + body[1:2] + body[1:2] + body[2:]
        ),
        "index-and-section": repaired(tiles + own),
        "index-length-of-33-bits": reindexed(
            tiles, lambda body: body[:2] + b"\x80\x80\x80\x80\x10" + body[3:]
        ),
        "index-of-one-tile": repaired(rgb + bytes([file.TIDX, 0, file.TILE, 0])),
        "tiles-missing": without(tiles, file.TILE),
        "tiles-cut-short": shortened(tiles, file.TILE),
        "tiles-too-long": lengthened(tiles, file.TILE),
        "tile-checksum": changed(tiles, file.TILE, lambda body: bytes([body[0] ^ 1]) + body[1:]),
        "tile-blocks-too-long": with_long_tile(tiles, file.BLKS),
        "tile-exact-too-long": with_long_tile(ok["exact-tiles-alpha"], file.EXCT),
        "version-1-segment-beyond-section": changed(
            old, file.PLNS, lambda body: b"\xff\x7f" + body[2:]
        ),
        "version-1-segment-length-of-33-bits": changed(
            old, file.PLNS, lambda body: b"\x80\x80\x80\x80\x10" + body[2:]
        ),
        "version-1-segment-lengths-missing": changed(old, file.PLNS, lambda _: b""),
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
    bad = bad_headers(ok["rgb"], ok["tiles"]) | bad_sections(ok) | bad_tiles(ok)
    write(HERE / "bad", bad)
    pictures = {name: picture_of(data) for name, data in ok.items()}
    (HERE / "ok.json").write_text(json.dumps(pictures, indent=2) + "\n")


if __name__ == "__main__":
    main()
