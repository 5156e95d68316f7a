"""The second decoder, written after docs/FORMAT.md alone, decodes what the codec encodes."""

import hashlib
import json
import random
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import ablc
from ablc import _core
from containers import of_version_1, with_segments
from reference import file
from reference.decode import MAX_PIXELS, decode, decode_window
from reference.errors import (
    CutShortError,
    DamageError,
    HeaderError,
    LimitError,
    NotAStreamError,
    OtherDecoderError,
    StreamError,
)
from reference.mask import decode_cell_mask
from reference.models import RATE, SQUASH, STRETCH
from reference.prediction import DISPLACEMENTS
from reference.range_coder import RangeDecoder
from reference.transform import kernel
from reference.windows import Needed, needed_tiles
from scenes import stripes
from small_streams import STREAMS

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
PICTURES = json.loads((GOLDEN / "ok.json").read_text())

# The kinds of refusal that section 17 of the document names; all other files are damaged.
REFUSALS: dict[str, type[StreamError]] = {
    "bad-magic": NotAStreamError,
    "byte-after-end": CutShortError,
    "empty": CutShortError,
    "header-cut-short": CutShortError,
    "height-zero": HeaderError,
    "other-version": OtherDecoderError,
    "prefix": CutShortError,
    "reserved-channels": OtherDecoderError,
    "reserved-step": OtherDecoderError,
    "section-beyond-end": CutShortError,
    "section-length-endless": CutShortError,
    "section-length-of-33-bits": CutShortError,
    "step-too-large": HeaderError,
    "step-zero": HeaderError,
    "tile-side-missing": CutShortError,
    "tile-side-too-large": HeaderError,
    "tile-side-too-small": HeaderError,
    "too-many-pixels": LimitError,
    "version-1-lossy": OtherDecoderError,
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


# ---- Streams encoded now -----------------------------------------------------------------------
@pytest.mark.parametrize("name", STREAMS)
def test_streams_decode_to_the_same_pixels(name: str) -> None:
    agrees(STREAMS[name]())


@pytest.mark.parametrize("name", STREAMS)
def test_streams_with_random_ends_decode_to_the_same_pixels(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments that end in random bytes reach values that an encoder never writes.

    Each is cut to the bytes that its decisions use, so that the file is sound.
    """
    generator = random.Random(name)
    long = with_segments(STREAMS[name](), partial(with_random_end, generator))
    used = bytes_used(long, monkeypatch)
    agrees(with_segments(long, lambda _section, _tile, segment: segment[: used[segment]]))


@pytest.mark.parametrize("direction", range(0, 32, 3))
def test_large_blocks_decode_to_the_same_pixels(direction: int) -> None:
    """Leaves of up to 64x64 have the direction of the waves."""
    slope = DISPLACEMENTS[direction] / 32
    picture = stripes(128, 128, slope)
    if direction < 16:
        picture = np.ascontiguousarray(picture.swapaxes(0, 1))
    agrees(_core.encode(picture, step=500, subsample=bool(direction % 2), effort=7))


def agrees(data: bytes) -> None:
    """Fail unless both decoders give the same picture and the same mask."""
    picture = decode(data)
    assert picture.tobytes() == ablc.decode(data, fill="classical").tobytes()
    kept = ablc.keep_mask(data)
    assert kept.all() if picture.kept is None else (kept == np.array(picture.kept)).all()


def with_random_end(generator: random.Random, section: int, number: int, segment: bytes) -> bytes:
    """Return a segment whose end is replaced by many random bytes."""
    del section, number
    return segment[: generator.randrange(len(segment) + 1)] + generator.randbytes(1 << 16)


def test_of_version_1_only_lossless_streams_are_read() -> None:
    for name in ("lossless-grey", "lossless-rgba", "tiles-lossless"):
        agrees(of_version_1(STREAMS[name]()))
    lossy = of_version_1(STREAMS["grey"]())
    with pytest.raises(OtherDecoderError):
        decode(lossy)
    with pytest.raises(ablc.StreamError, match="needs"):
        ablc.decode(lossy)


@pytest.mark.parametrize("name", ["tiles", "exact-cells"])
def test_every_strict_prefix_is_refused(name: str) -> None:
    data = STREAMS[name]()
    for length in range(len(data)):
        with pytest.raises(StreamError):
            decode(data[:length])


@pytest.mark.parametrize("name", ["tiles", "tiles-lossless", "tiles-exact-alpha"])
def test_windows_decode_from_the_tiles_they_need(name: str) -> None:
    data = STREAMS[name]()
    header = file.parse(data, MAX_PIXELS).header
    whole = decode(data)
    for x, width in ((0, 100), (223, 3), (224, 20), (250, 22), (270, 2)):
        window = file.Tile(x, 2, width, 5)
        needed = needed_tiles(header, window)
        expected = [[row[x : x + width] for row in plane[2:7]] for plane in whole.channels]
        assert decode_window(with_segments(data, partial(only, needed)), window) == expected


def test_windows_need_few_tiles() -> None:
    header = file.parse(STREAMS["tiles"](), MAX_PIXELS).header
    assert needed_tiles(header, file.Tile(0, 0, 224, 9)) == Needed([0], [0])
    assert needed_tiles(header, file.Tile(0, 0, 225, 9)) == Needed([0, 1], [0])


def only(needed: Needed, section: int, number: int, segment: bytes) -> bytes:
    """Return a segment, empty if it is not needed."""
    lossy = section in (file.MASK, file.BLKS)
    return segment if number in (needed.mask_and_blocks if lossy else needed.own) else b""


def test_metadata() -> None:
    sections = file.parse(STREAMS["metadata"](), max_pixels=64).sections
    assert sections[file.ICCP] == b"profile"
    assert sections[file.EXIF] == b"II*\0"
    assert sections[file.XMP] == b"<x/>"


def bytes_used(data: bytes, monkeypatch: pytest.MonkeyPatch) -> dict[bytes, int]:
    """Return, for each segment of a file, the number of bytes that its decisions need."""
    begin = RangeDecoder.__init__
    segments: dict[RangeDecoder, bytes] = {}
    used: dict[bytes, int] = {}

    def note_segment(decoder: RangeDecoder, segment: bytes) -> None:
        begin(decoder, segment)
        segments[decoder] = segment

    def note_length(decoder: RangeDecoder) -> None:
        used[segments[decoder]] = decoder.bytes_used

    with monkeypatch.context() as patch:
        patch.setattr(RangeDecoder, "__init__", note_segment)
        patch.setattr(RangeDecoder, "finish", note_length)
        decode(data)
    return used


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


@pytest.mark.parametrize("n", [4, 8, 16, 32, 64])
def test_the_kernel_is_the_rounded_cosine(n: int) -> None:
    k, x = np.mgrid[:n, :n]
    exact = 1024 * np.sqrt(2 / n) * np.cos(np.pi * (2 * x + 1) * k / (2 * n))
    exact[0] = 1024 / np.sqrt(n)
    assert (np.rint(exact) == kernel(n, sine=False)).all()


@pytest.mark.parametrize("n", [4, 8, 16, 32])
def test_the_other_kernel_is_the_rounded_sine(n: int) -> None:
    k, x = np.mgrid[:n, :n]
    angle = np.pi * (2 * k + 1) * (x + 1) / (2 * n + 1)
    exact = 1024 * np.sqrt(4 / (2 * n + 1)) * np.sin(angle)
    assert (np.rint(exact) == kernel(n, sine=True)).all()
