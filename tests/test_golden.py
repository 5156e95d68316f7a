"""Golden files: what is in them for ever, and that no damage to them goes unseen."""

import hashlib
import json
import re
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import ablc

GOLDEN = Path(__file__).parent / "golden"
PICTURES = json.loads((GOLDEN / "ok.json").read_text())
LARGE = "tiles-large"  # decoding it takes too long to do thousands of times
LOST = re.compile("lost: .*(MASK|BLKS|EXCT|ALPH|PLNS|TIDX|TILE|checksum|cut short|occurs twice)")

# What refuses each file of bad/ says.
MESSAGES = {
    "alpha-cut-short": "damaged: ALPH is damaged in 1 of 1 tile",
    "alpha-missing": "damaged: ALPH is missing",
    "alpha-too-long": "damaged: ALPH is damaged in 1 of 1 tile",
    "bad-magic": "not an ablc stream: it does not begin with 'ABL'",
    "blocks-cut-short": "damaged: BLKS is damaged in 1 of 1 tile",
    "blocks-missing": "damaged: BLKS is missing",
    "blocks-too-long": "damaged: BLKS is damaged in 1 of 1 tile",
    "byte-after-end": "stream of [0-9]+ bytes is cut short",
    "checksum": "damaged: its checksum",
    "empty": "stream of 0 bytes is cut short",
    "exact-cut-short": "damaged: EXCT is damaged in 1 of 1 tile",
    "exact-missing": "damaged: EXCT is missing",
    "exact-none-too-long": "damaged: EXCT is damaged in 1 of 1 tile",
    "exact-pixels-cut-short": "damaged: EXCT is damaged in 1 of 1 tile",
    "exact-too-long": "damaged: EXCT is damaged in 1 of 1 tile",
    "header-cut-short": "stream of 14 bytes is cut short",
    "height-zero": "header is wrong",
    "index-and-section": "damaged: section 3 occurs twice",
    "index-checksum": "damaged: the checksum of TIDX does not match",
    "index-cut-short": "damaged: TIDX is cut short",
    "index-length-of-33-bits": "damaged: TILE has [0-9]+ bytes, of [0-9]+ in TIDX",
    "index-missing": "damaged: TIDX is missing",
    "index-of-one-tile": "damaged: a picture of one tile has TIDX or TILE",
    "index-of-too-many-sections": "damaged: TIDX names 17 sections, expected 1..16",
    "index-section-twice": "damaged: section 3 occurs twice",
    "index-too-long": "damaged: TIDX has bytes after its end",
    "index-without-sections": "damaged: TIDX names 0 sections, expected 1..16",
    "mask-cut-short": "damaged: BLKS is damaged in 1 of 1 tile",
    "mask-missing": "damaged: MASK is missing",
    "mask-too-long": "damaged: MASK is damaged in 1 of 1 tile",
    "no-sections": "damaged: BLKS is missing",
    "other-version": "needs a newer decoder: version",
    "planes-cut-short": "damaged: PLNS is damaged in 1 of 1 tile",
    "planes-missing": "damaged: PLNS is missing",
    "planes-too-long": "damaged: PLNS is damaged in 1 of 1 tile",
    "prefix": "stream of [0-9]+ bytes is cut short",
    "reserved-channels": "needs a newer decoder: version or flags",
    "reserved-step": "needs a newer decoder: version or flags unknown",
    "section-beyond-end": "is cut short",
    "section-length-endless": "is cut short",
    "section-length-of-33-bits": "is cut short",
    "section-twice": "damaged: section 3 occurs twice",
    "step-too-large": "header is wrong",
    "step-zero": "header is wrong",
    "tile-blocks-too-long": "damaged: BLKS is damaged in 1 of 2 tiles",
    "tile-checksum": "damaged: TILE is damaged in 1 of 2 tiles",
    "tile-exact-too-long": "damaged: EXCT is damaged in 1 of 2 tiles",
    "tile-side-missing": "stream of 15 bytes is cut short",
    "tile-side-too-large": "header is wrong",
    "tile-side-too-small": "header is wrong",
    "tiles-cut-short": "damaged: TILE has [0-9]+ bytes, of [0-9]+ in TIDX",
    "tiles-missing": "damaged: TILE is missing",
    "tiles-too-long": "damaged: TILE has [0-9]+ bytes, of [0-9]+ in TIDX",
    "too-many-pixels": "65535x65535 pixels exceeds the limit",
    "version-1-lossy": "needs an older decoder: it is lossy, of format version 1",
    "version-1-segment-beyond-section": "damaged: PLNS is cut short",
    "version-1-segment-length-of-33-bits": "damaged: PLNS is cut short",
    "version-1-segment-lengths-missing": "damaged: PLNS is cut short",
    "width-zero": "header is wrong",
}


def read(folder: str, name: str) -> bytes:
    return (GOLDEN / folder / f"{name}.ablc").read_bytes()


def refused(data: bytes) -> None:
    """Nothing reads a damaged file."""
    for reader in (ablc.decode, ablc.inspect, ablc.keep_mask, ablc.metadata):
        with pytest.raises(ablc.StreamError):
            reader(data)


def saved(data: bytes) -> npt.NDArray[np.uint8] | None:
    """What a partial decode gives of a damaged file; None if it is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image = ablc.decode(data, partial=True, threads=1, max_pixels=1 << 21)
        except ablc.StreamError:
            assert not caught
            return None
    assert [warning.category for warning in caught] == [ablc.StreamWarning]
    assert LOST.search(str(caught[0].message))
    return image


@pytest.fixture(params=sorted(PICTURES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=sorted(PICTURES.keys() - {LARGE}))
def small(request: pytest.FixtureRequest) -> bytes:
    return read("ok", request.param)


def test_the_folders_hold_the_files_listed() -> None:
    assert {path.stem for path in (GOLDEN / "ok").iterdir()} == PICTURES.keys()
    assert {path.stem for path in (GOLDEN / "bad").iterdir()} == MESSAGES.keys()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_pixels_have_not_changed(name: str, threads: int) -> None:
    image = ablc.decode(read("ok", name), threads=threads)
    assert list(image.shape) == PICTURES[name]["shape"]
    assert hashlib.sha256(image.tobytes()).hexdigest() == PICTURES[name]["sha256"]


def test_partial_decoding_of_a_sound_file_is_silent_and_the_same(name: str) -> None:
    data = read("ok", name)
    assert (ablc.decode(data, partial=True) == ablc.decode(data)).all()


@pytest.mark.parametrize("fault", sorted(MESSAGES))
def test_bad_files_are_refused_with_the_reason(fault: str) -> None:
    data = read("bad", fault)
    wanted = ablc.LimitError if fault == "too-many-pixels" else ablc.StreamError
    with pytest.raises(ablc.StreamError, match=MESSAGES[fault]) as caught:
        ablc.decode(data)
    assert caught.type is wanted
    saved(data)


def test_too_many_pixels_are_refused_by_every_reader() -> None:
    data = read("bad", "too-many-pixels")
    for reader in (ablc.decode, ablc.inspect, ablc.keep_mask):
        with pytest.raises(ablc.LimitError):
            reader(data)


def test_every_strict_prefix_is_refused(name: str) -> None:
    data = read("ok", name)
    for length in range(len(data)):
        refused(data[:length])


def test_every_single_bit_flip_is_refused(name: str) -> None:
    data = read("ok", name)
    for bit in range(8 * len(data)):
        refused(flipped(data, bit))


def test_partial_decoding_of_every_prefix_warns_or_refuses(small: bytes) -> None:
    shape = ablc.decode(small).shape
    for length in range(len(small)):
        image = saved(small[:length])
        assert image is None or image.shape == shape


def test_partial_decoding_of_every_single_bit_flip_warns_or_refuses(small: bytes) -> None:
    for bit in range(8 * len(small)):
        saved(flipped(small, bit))


def test_partial_decoding_of_damaged_tiles_warns_or_refuses() -> None:
    data = read("ok", LARGE)
    for at in range(15, len(data), 13):
        saved(data[:at])
        saved(flipped(data, 8 * at))


def flipped(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)
