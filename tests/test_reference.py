"""The second decoder, written after docs/FORMAT.md alone, decodes what the codec encodes."""

import hashlib
import json
import random
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

import ablc
from reference import file
from reference.decode import MAX_PIXELS, decode, decode_window
from reference.errors import (
    CutShortError,
    DamageError,
    HeaderError,
    LimitError,
    NewerDecoderError,
    NotAStreamError,
    StreamError,
)
from reference.mask import decode_cell_mask
from reference.models import RATE, SQUASH, STRETCH
from reference.range_coder import RangeDecoder
from reference.transform import kernel
from reference.windows import Needed, needed_tiles

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
PICTURES = json.loads((GOLDEN / "ok.json").read_text())

# The kinds of refusal that section 19 of the document names; all other files are damaged.
REFUSALS: dict[str, type[StreamError]] = {
    "bad-magic": NotAStreamError,
    "byte-after-end": CutShortError,
    "empty": CutShortError,
    "header-cut-short": CutShortError,
    "height-zero": HeaderError,
    "other-version": NewerDecoderError,
    "prefix": CutShortError,
    "reserved-channels": NewerDecoderError,
    "section-beyond-end": CutShortError,
    "section-length-endless": CutShortError,
    "section-length-of-33-bits": CutShortError,
    "step-too-large": HeaderError,
    "step-zero": HeaderError,
    "tile-side-missing": CutShortError,
    "tile-side-too-large": HeaderError,
    "tile-side-too-small": HeaderError,
    "too-many-pixels": LimitError,
    "width-zero": HeaderError,
}


# ---- Golden files ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(PICTURES))
def test_golden_files_decode_to_the_same_pixels(name: str) -> None:
    data = (GOLDEN / "ok" / f"{name}.ablc").read_bytes()
    picture = decode(data)
    assert list(picture.shape) == PICTURES[name]["shape"]
    assert hashlib.sha256(picture.tobytes()).hexdigest() == PICTURES[name]["sha256"]
    kept = ablc.keep_mask(data)
    assert kept.all() if picture.kept is None else (kept == np.array(picture.kept)).all()


@pytest.mark.parametrize("path", sorted((GOLDEN / "bad").iterdir()), ids=lambda path: path.stem)
def test_bad_files_are_refused_with_the_kind(path: Path) -> None:
    with pytest.raises(StreamError) as caught:
        decode(path.read_bytes())
    assert caught.type is REFUSALS.get(path.stem, DamageError)


@pytest.mark.parametrize("name", ["exact-none", "tiles"])
def test_every_strict_prefix_is_refused(name: str) -> None:
    data = (GOLDEN / "ok" / f"{name}.ablc").read_bytes()
    for length in range(len(data)):
        with pytest.raises(StreamError):
            decode(data[:length])


@pytest.mark.parametrize("name", ["tiles", "tiles-lossless", "exact-tiles-alpha"])
def test_windows_decode_from_the_tiles_they_need(name: str) -> None:
    data = (GOLDEN / "ok" / f"{name}.ablc").read_bytes()
    header = file.parse(data, MAX_PIXELS).header
    whole = decode(data)
    for x, width in ((0, 100), (223, 3), (224, 20), (250, 22), (270, 2)):
        window = file.Tile(x, 2, width, 5)
        needed = needed_tiles(header, window)
        expected = [[row[x : x + width] for row in plane[2:7]] for plane in whole.channels]
        assert decode_window(with_only(data, needed), window) == expected


def test_windows_need_few_tiles() -> None:
    data = (GOLDEN / "ok" / "tiles.ablc").read_bytes()
    header = file.parse(data, MAX_PIXELS).header
    assert needed_tiles(header, file.Tile(0, 0, 224, 9)) == Needed([0, 1], [0], [0])
    assert needed_tiles(header, file.Tile(0, 0, 225, 9)) == Needed([0, 1], [0, 1], [0])


def with_only(data: bytes, needed: Needed) -> bytes:
    """Return a file in which the segments of tiles that are not needed are empty."""
    parsed = file.parse(data, MAX_PIXELS)
    lists = {file.BASE: needed.base, file.MASK: needed.mask_and_blocks}
    lists[file.BLKS] = needed.mask_and_blocks
    ids, bodies = [], []
    for section in parsed.sections:
        segments = parsed.segments(section)
        numbers = lists.get(section, needed.own)
        left = [segment if i in numbers else b"" for i, segment in enumerate(segments)]
        ids.append(section)
        bodies.append(b"".join(map(varint, map(len, left[:-1]))) + b"".join(left))
    return stream(data[:11], ids, bodies, tile=data[15:16])


def test_metadata() -> None:
    data = (GOLDEN / "ok" / "metadata.ablc").read_bytes()
    sections = file.parse(data, max_pixels=64).sections
    assert sections[file.ICCP] == b"profile"
    assert sections[file.EXIF] == b"II*\0"
    assert sections[file.XMP] == b"<x/>"


# ---- Random streams ----------------------------------------------------------------------------
def test_random_segments_decode_to_the_same_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of random bytes reach values that an encoder never writes.

    Each is cut to the bytes that its decisions use, so that the file is sound.
    """
    lengths: list[int] = []

    def note_length(decoder: RangeDecoder) -> None:
        lengths.append(decoder.bytes_used)

    for seed in range(12):
        generator = random.Random(seed)
        header, ids = random_header(generator)
        segments = [generator.randbytes(1 << 16) for _ in ids]
        lengths.clear()
        with monkeypatch.context() as patch:
            patch.setattr(RangeDecoder, "finish", note_length)
            decode(stream(header, ids, segments))
        cut = [segment[:end] for segment, end in zip(segments, lengths, strict=True)]
        data = stream(header, ids, cut)
        assert decode(data).tobytes() == ablc.decode(data, fill="classical").tobytes()


def random_header(generator: random.Random) -> tuple[bytes, list[int]]:
    """Return the first 11 bytes of a file with one tile, and the ids of its sections."""
    channels = generator.randrange(3)
    flags = channels << 2 | generator.choice((0, file.FULL_CHROMA))
    for flag in (file.STEP_OFFSETS, file.EXPLICIT_MASK, file.EXACT_SAMPLES):
        flags |= generator.choice((0, flag))
    ids = [file.BASE, file.MASK, file.BLKS]
    ids += [file.EXCT] if flags & file.EXACT_SAMPLES else []
    ids += [file.ALPH] if channels == 2 else []
    step = int(2 ** generator.uniform(4, 14))
    fields = [generator.randrange(1, 50), generator.randrange(1, 50), step]
    return b"ABL\1" + bytes([flags]) + b"".join(f.to_bytes(2, "little") for f in fields), ids


def stream(header: bytes, ids: list[int], bodies: list[bytes], tile: bytes = b"") -> bytes:
    """Return a file of its first 11 bytes, the tile byte if there is one, and sections."""
    sections = zip(ids, bodies, strict=True)
    body = tile + b"".join(bytes([id_]) + varint(len(b)) + b for id_, b in sections)
    return header + zlib.crc32(body, zlib.crc32(header)).to_bytes(4, "little") + body


def varint(value: int) -> bytes:
    """Return a varint of three bytes."""
    return bytes([value & 127 | 128, value >> 7 & 127 | 128, value >> 14])


# ---- The document ------------------------------------------------------------------------------
def test_worked_example() -> None:
    text = (ROOT / "docs" / "FORMAT.md").read_text()
    block = text.partition("as a stream:\n")[2].partition("\n```")[0]
    dump = block.partition("stream:\n")[2].partition("\n\n")[0]
    pairs = re.findall(r"^[0-9a-f]{2}  ((?:[0-9A-F]{2} ?)+)", dump, re.MULTILINE)
    picture = decode(bytes.fromhex("".join(pairs)))
    rows = [" ".join(f"{sample:02x}" for sample in row) for row in picture.channels[0]]
    assert "decoded:\n" + "\n".join(rows) + "\n" in block
    assert picture.kept is not None
    kept = [[int(cell) for cell in row] for row in picture.kept]
    assert f"cells kept, row by row: {kept}\n" in block
    mask = re.search(r"cell mask ([01 /]+) on its own: ((?:[0-9A-F]{2} ?)+)", block)
    assert mask is not None
    cells = [[int(cell) for cell in row] for row in mask[1].split(" / ")]
    decoder = RangeDecoder(bytes.fromhex(mask[2]))
    assert decode_cell_mask(decoder, len(cells[0]), len(cells)) == cells
    decoder.finish()


def test_stretch_is_the_inverse_of_squash() -> None:
    for p, x in enumerate(STRETCH):
        assert SQUASH[x + 2048] >= p or x == 2047
        assert x == -2047 or SQUASH[x + 2047] < p
    assert RATE[0] == 20480


@pytest.mark.parametrize("n", [8, 16, 32])
def test_the_kernel_is_the_rounded_cosine(n: int) -> None:
    k, x = np.mgrid[:n, :n]
    exact = 1024 * np.sqrt(2 / n) * np.cos(np.pi * (2 * x + 1) * k / (2 * n))
    exact[0] = 1024 / np.sqrt(n)
    assert (np.rint(exact) == kernel(n)).all()
